/** Types of the transports in memory. No code. */
import type { Transport } from '../contract.ts';

/** How a pair behaves. */
export interface MemoryPairOptions {
  /**
   * Runs a task later, never inside the call, in the order of the calls. Each task hands over one piece, an end or a close.
   * Default: a microtask.
   */
  readonly schedule?: ((task: () => void) => void) | undefined;
  /** From this many buffered bytes on, `write()` returns `false`. At least 1. Default 65536. */
  readonly highWaterMarkBytes?: number | undefined;
  /** The largest piece handed over at once, in bytes. At least 1. Default: chunks are handed over as they were written. */
  readonly splitBytes?: number | undefined;
  /** The mode of both ends, or of each. Default `'push'`. */
  readonly mode?: 'push' | 'pull' | readonly ['push' | 'pull', 'push' | 'pull'] | undefined;
}

/** A transport in memory; `socket` and `fd` are `undefined`, `startTls()` rejects with UsageError. */
export interface MemoryTransport extends Transport {
  /**
   * Breaks the connection as a crash of the peer does. This end is closed, the other gets `onClose` with an error, and bytes
   * in flight are lost.
   *
   * @param cause becomes the `cause` of the other end's error. Default: an error with code `ECONNRESET`.
   */
  reset(cause?: unknown): void;
}
