/** A service that counts primes. It checks its signal, so that it does no work that no caller waits for. */
import { type CallContext, HandlerError } from '@puka/rpc';

/** How many numbers are looked at before the service hears of anything else. */
const atOnce = 10_000;

/** The handlers; their types are those of the caller too. */
export const primes = {
  /** How many primes are below a number. */
  async count(below: number, { signal }: CallContext): Promise<number> {
    if (!Number.isInteger(below) || below < 0) {
      throw new HandlerError('not a count', { code: 'BAD_COUNT', data: { below } });
    }
    let found = 0;
    for (let number = 2; number < below; number++) {
      if (isPrime(number)) found++;
      if (number % atOnce !== 0) continue;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    return found;
  },
  /** Whether a number is one. */
  isPrime: (number: number): boolean => isPrime(number),
};

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}
