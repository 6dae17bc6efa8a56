/** Waiting that ends with a reason: a promise that rejects when it has taken too long. Must not poll. */
import { clearTimeout, setTimeout } from 'node:timers';
import { OperationTimeout } from '@puka/errors';

/** How long to wait. */
export interface WaitOptions {
  /** In real milliseconds, less than what a test may take by default. Default 4000. */
  readonly timeoutMs?: number;
}

/**
 * Waits for something that is told.
 *
 * @param begin is given what ends the waiting.
 * @param describe says what there is instead, when it has taken too long.
 * @returns what `begin` ends with. @throws (rejects) {OperationTimeout}
 */
export function waitFor<T>(
  { timeoutMs = 4000 }: WaitOptions,
  begin: (done: (value: T) => void) => void,
  describe: () => string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new OperationTimeout(`${describe()} within ${timeoutMs} ms`)), timeoutMs);
    begin((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
