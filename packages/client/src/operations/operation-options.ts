/** What every operation takes. Types only. */
import type { AbortSignalLike } from '@puka/transport';

/** What every operation takes. */
export interface OperationOptions {
  /** Gives the operation up: it rejects with `signal.reason`. What has been sent is not taken back. */
  readonly signal?: AbortSignalLike | undefined;
  /** Gives it up after this many milliseconds: it rejects with `OperationTimeout`. Default: never. */
  readonly timeout?: number | undefined;
}
