/** Ties an attempt to a signal, for adapters whose runtime knows only half of it. It must not know what is attempted. */
import type { AbortSignalLike } from './contract.ts';

/**
 * Runs an attempt until it settles or the signal is aborted, whichever is first. No listener is left on the signal.
 *
 * @param start begins the attempt, in this very call; what it is given is aborted when the attempt is given up.
 * @param discard gets what an attempt that was given up came to all the same.
 * @throws (rejects) `signal.reason` when aborted; else what the attempt rejects with.
 */
export function abortable<T>(
  signal: AbortSignalLike | undefined,
  start: (givenUp: AbortSignal) => Promise<T>,
  discard: (late: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const controller = new AbortController();
    const onAbort = (): void => {
      signal?.removeEventListener('abort', onAbort);
      reject(signal?.reason);
      controller.abort();
    };
    signal?.addEventListener('abort', onAbort);
    const settle = (): void => signal?.removeEventListener('abort', onAbort);
    start(controller.signal).then(
      (value) => {
        settle();
        if (controller.signal.aborted) discard(value);
        else resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}
