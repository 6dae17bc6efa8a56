/** Ties an attempt to a signal, for adapters whose runtime cannot abort every step. It must not know what is attempted. */
import type { AbortSignalLike } from './contract.ts';

/**
 * Runs an attempt until it settles or the signal is aborted, whichever is first. No listener is left on the signal.
 *
 * @param start begins the attempt, inside this call. Its argument is aborted when the attempt is given up.
 * @param discard called with the result of an attempt that was given up and succeeded all the same.
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
