/** `@puka/client/session`: the protocol machine for those who move the bytes themselves. Holds no code. */
export type { ChannelState } from './channel-states.ts';
export type { ConnectionState } from './connection-states.ts';
export { checkSessionOptions, type SessionOptions } from './options.ts';
export type { PublishInput } from './publish-head.ts';
export type { MechanismName, SaslExchange, SaslMechanism, SessionCredentials } from './sasl.ts';
export { Session } from './session.ts';
export { SessionChannel } from './session-channel.ts';
export type {
  BodyMemory,
  ChannelSink,
  ConnectionInfo,
  ContentKind,
  ReceivedContent,
  ReplyHandler,
  SessionSink,
} from './sinks.ts';
