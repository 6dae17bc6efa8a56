/** What a function of the user's has returned, if that is a promise that no code waits for. Must not call the function. */
import { UsageError } from '@puka/errors';
import { isThenable } from '../runtime/thenable.ts';
import { Operation } from './operation.ts';

/** Reports what a promise rejects with, which no other code would handle. An operation reports its failure by itself. */
export function reportRejection(returned: unknown, report: (error: unknown) => void): void {
  if (isThenable(returned) && !(returned instanceof Operation)) returned.then(undefined, report);
}

/**
 * Whether a function that has to answer at once has answered with a promise, which would pass for `true`. Reports that, and
 * what the promise rejects with.
 *
 * @param name of the function, such as `recover.filter`.
 */
export function isPromised(answer: unknown, name: string, report: (error: unknown) => void): boolean {
  if (!isThenable(answer)) return false;
  report(new UsageError(`${name} returned a promise; it has to return true or false at once, without async`));
  reportRejection(answer, report);
  return true;
}
