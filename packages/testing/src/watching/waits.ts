/** Waiting that ends with a reason: promises that reject when it takes too long, or when the broker stops. Must not poll. */
import { clearTimeout, setTimeout } from 'node:timers';
import { OperationTimeout, UsageError } from '@puka/errors';

/** Longer timers fire at once in Node. */
const longestTimerMs = 0x7fff_ffff;

/** How long to wait. */
export interface WaitOptions {
  /** In real milliseconds, less than what a test may take by default. Default 4000. */
  readonly timeoutMs?: number;
}

/** Something that is waited for. */
export interface Awaited<T> {
  /** Returns what there is instead, when it has taken too long. */
  describe(): string;
  /** Is given what ends the waiting, to be called later than this. @returns what undoes it, called whyever it ends. */
  begin(done: (value: T) => void, fail: (error: unknown) => void): () => void;
}

/** Waiting that ends with a reason: promises that reject when it takes too long, or when the broker stops. */
export class Waits {
  private readonly pending = new Set<() => void>();
  private isStopped = false;

  /** Waits for something that is reported. @throws (rejects) {OperationTimeout}, or {UsageError} if the broker stops. */
  start<T>({ timeoutMs = 4000 }: WaitOptions, awaited: Awaited<T>): Promise<T> {
    if (this.isStopped) return Promise.reject(new UsageError('the broker has been stopped'));
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(timer);
        this.pending.delete(stopped);
        undo();
      };
      const fail = (error: unknown): void => {
        over();
        reject(error);
      };
      const stopped = (): void => fail(new UsageError(`${awaited.describe()}; the broker has been stopped`));
      const late = (): void => fail(new OperationTimeout(`${awaited.describe()} within ${timeoutMs} ms`));
      const timer = setTimeout(late, Math.min(timeoutMs, longestTimerMs));
      this.pending.add(stopped);
      const undo = awaited.begin((value) => {
        over();
        resolve(value);
      }, fail);
    });
  }

  /** Ends all waiting: the broker stops. */
  stop(): void {
    this.isStopped = true;
    for (const stopped of [...this.pending]) stopped();
  }
}
