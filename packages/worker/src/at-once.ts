/** What functions of the user's have returned: a promise, or what has to come at once. Must not call them. */
import { UsageError } from '@puka/errors';

/** Whether a value has to be waited for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Gives the answer back.
 *
 * @param name of the function, as its option is called.
 * @throws {UsageError} for a promise. What that rejects with is swallowed, for nobody waits for it.
 */
export function atOnce<Answer>(answer: Answer, name: string): Answer {
  if (!isThenable(answer)) return answer;
  answer.then(undefined, () => undefined);
  throw new UsageError(`${name} returned a promise; it has to return its answer at once, without async`);
}
