/** Checks whether a function of the user has returned a promise. Must not call such functions. */
import { UsageError } from '@puka/errors';

/** Whether a value must be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Returns `answer`, which must not be a promise.
 *
 * @param name the name of the option that the function was given as.
 * @throws {UsageError} for a promise. A rejection of this promise is ignored, because the error here already reports the mistake.
 */
export function atOnce<Answer>(answer: Answer, name: string): Answer {
  if (!isThenable(answer)) return answer;
  answer.then(undefined, () => undefined);
  throw new UsageError(`${name} returned a promise; it has to return its answer at once, without async`);
}
