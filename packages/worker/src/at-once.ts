/** What a function of the user's has returned that has to answer at once. Must not call it. */
import { UsageError } from '@puka/errors';
import { isThenable } from './runner.ts';

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
