/** The exports of `@puka/errors`: every class, the functions for them and the table of reply codes. Holds no code. */
export { AmqpError } from './amqp-error.ts';
export { addCallerFrames } from './caller-frames.ts';
export {
  AuthenticationFailed,
  ConnectionBroken,
  HandshakeTimeout,
  UnsupportedProtocol,
} from './connection-errors.ts';
export type { Blame, ErrorDetails, ErrorTraits, Outcome, Scope } from './error-details.ts';
export type { CauseJson, ErrorJson } from './error-json.ts';
export type { AmqpErrorCode, ErrorCode, ExtensionErrorCode } from './generated/error-codes.ts';
export {
  AmqpNotImplemented,
  AmqpSyntaxError,
  ChannelError,
  CommandInvalid,
  ConnectionForced,
  FrameError,
  InternalError,
  InvalidPath,
  NotAllowed,
  ResourceError,
  UnexpectedFrame,
} from './generated/hard-errors.ts';
export { type ReplyCodeEntry, replyCodes } from './generated/reply-codes.ts';
export {
  AccessRefused,
  ContentTooLarge,
  NoConsumers,
  NoRoute,
  NotFound,
  PreconditionFailed,
  ResourceLocked,
} from './generated/soft-errors.ts';
export {
  ConsumerCancelled,
  type ConsumerCancelledDetails,
  LimitExceeded,
  OperationTimeout,
  PublishNacked,
  UsageError,
} from './operation-errors.ts';
export { maxPeerTextLength, peerText } from './peer-text.ts';
export { isPukaError, PukaError } from './puka-error.ts';
export { replyError } from './reply-error.ts';
