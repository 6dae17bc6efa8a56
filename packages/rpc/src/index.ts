/** The public face of `@puka/rpc`. Holds no code. */
export { type Caller, caller, callerStats, closeCaller, type Method } from './caller.ts';
export { type Codec, jsonCodec } from './codec.ts';
export { directReplies } from './direct-replies.ts';
export type {
  CallContext,
  CallerOptions,
  CallerStats,
  CallOptions,
  Handler,
  Handlers,
  ServeOptions,
  ServiceStats,
  StopOptions,
} from './options.ts';
export { HandlerError, RemoteError } from './remote-error.ts';
export { type ReplyAddress, type ReplyReceiver, type ReplyStrategy, replyQueue } from './replies.ts';
export { serve } from './serve.ts';
export { Service } from './service.ts';
export type { CallSignal } from './timers.ts';
