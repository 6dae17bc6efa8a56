/** What every operation takes. Types only. */
import type { AbortSignalLike } from '@puka/transport';

/** What every operation takes. */
export interface OperationOptions {
  /** Ends the operation: it rejects with `signal.reason`. What has been sent is not taken back. */
  readonly signal?: AbortSignalLike | undefined;
  /** Ends it after this many milliseconds: it rejects with `OperationTimeout`. Default: never. */
  readonly timeout?: number | undefined;
}
