/** Ends an attempt to connect: an abort signal that needs no runtime's. Must not know what it aborts. */
import type { AbortSignalLike } from '@puka/transport';
import { LazySet } from './lazy-collections.ts';

/** A signal and the hand on it. */
export class Abort implements AbortSignalLike {
  /** Whether it was given up. */
  aborted = false;
  /** Why. */
  reason: unknown = undefined;
  private readonly listeners = new LazySet<() => void>();

  /** Aborts; a second call does nothing. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = [...this.listeners];
    this.listeners.clear();
    for (const listener of listeners) listener();
  }

  /** For code that waits. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  /** For code that no longer waits. */
  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
    // The signal lives on with its connection.
    if (this.listeners.size === 0) this.listeners.clear();
  }
}

/** Waits for a promise, but no longer than until the signal is aborted: then rejects with its reason. */
export function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignalLike | undefined): Promise<Result> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
