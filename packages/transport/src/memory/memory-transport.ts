/** Types of the transports in memory. No code. */
import type { Transport } from '../contract.ts';

/** How a pair behaves. */
export interface MemoryPairOptions {
  /**
   * Runs a task later, never inside the call, and tasks in the order given. Each hands over one piece, an end or a close.
   * Default: `queueMicrotask`, by way of a promise.
   */
  readonly schedule?: ((task: () => void) => void) | undefined;
  /** Above this many buffered bytes `write()` answers `false`. At least 1. Default 65536. */
  readonly highWaterMarkBytes?: number | undefined;
  /** No piece handed over is longer than this. At least 1. Default: chunks are handed over as they were written. */
  readonly splitBytes?: number | undefined;
  /** The mode of both ends, or of each. Default `'push'`. */
  readonly mode?: 'push' | 'pull' | readonly ['push' | 'pull', 'push' | 'pull'] | undefined;
}

/** A transport in memory; `socket` and `fd` are `undefined`, `startTls()` rejects with UsageError. */
export interface MemoryTransport extends Transport {
  /**
   * Breaks the connection as a peer's crash does: this end is closed, the other gets `onClose` with an error, and whatever
   * was on its way is lost.
   *
   * @param cause becomes the `cause` of the other end's error. Default: an error with code `ECONNRESET`.
   */
  reset(cause?: unknown): void;
}
