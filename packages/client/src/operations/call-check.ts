/**
 * Checks what a call was given: one object with the options it has, and a function. The error shows the right call
 * beside it. Must not know a single call: `calls.ts` does.
 */
import { UsageError } from '@puka/errors';
import type { Callback } from './operation.ts';
import type { OperationOptions } from './operation-options.ts';
import { otherNames } from './other-names.ts';

/** How a call is made. */
export interface CallForm {
  /** Its name, as in `queueDeclare`. */
  readonly call: string;
  /** The AMQP name of its method, or the call's own. */
  readonly method: string;
  /** The whole call, as an example. */
  readonly example: string;
  /** The names of its options. */
  readonly options: ReadonlySet<string>;
  /** Those of them that are `true` or `false`. */
  readonly flags: readonly string[];
}

/** @throws {UsageError} for anything but one object of the options that the call has; `undefined` is no option at all. */
export function checkOptions(form: CallForm, given: unknown): void {
  if (given === undefined) return;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UsageError(`${form.call} takes one object of options, not ${described(given)}: ${form.example}`);
  }
  // By an index, which the engine is quicker at than at `Reflect.get`.
  const values = given as Readonly<Record<string, unknown>>; // An object, so whatever it has.
  for (const name in values) {
    if (!form.options.has(name) && values[name] !== undefined) throw unknownOption(form, name);
  }
  for (const name of form.flags) {
    const value = values[name];
    if (value === undefined || typeof value === 'boolean') continue;
    throw new UsageError(`${name} of ${form.call} is ${described(value)}; it takes true or false`);
  }
}

/** @throws {UsageError} as `checkOptions`, and for a call without options. */
export function checkNeededOptions(form: CallForm, given: unknown): void {
  if (given === undefined) {
    throw new UsageError(`${form.call} takes one object of options, and got none: ${form.example}`);
  }
  checkOptions(form, given);
}

/** @throws {UsageError} for a callback that is no function. */
export function checkCallback(form: CallForm, given: unknown): void {
  if (given === undefined || typeof given === 'function') return;
  throw new UsageError(`the callback of ${form.call} is ${described(given)}, not a function: ${form.example}`);
}

/** @throws {UsageError} unless it is one object of options and, if there is more, a function. */
export function checkCall(form: CallForm, options: unknown, callback: unknown): void {
  checkNeededOptions(form, options);
  checkCallback(form, callback);
}

/** Options and callback of a call where each may be left out. Checks neither. */
export function optionsAndCallback<Options extends OperationOptions, Result>(
  first: Options | Callback<Result> | undefined,
  second: Callback<Result> | undefined,
): { readonly options: Partial<Options>; readonly callback: Callback<Result> | undefined } {
  if (typeof first === 'function') return { options: {}, callback: first };
  return { options: first === undefined ? {} : first, callback: second };
}

/** What can be called: a callback of another kind is refused, and must not be called to report that. */
export function callable<Function>(value: Function | OperationOptions | undefined): Function | undefined {
  return typeof value === 'function' ? value : undefined;
}

/** @throws {UsageError} for a value that is neither of the two. `undefined` is left out. */
export function checkOneOf(name: string, value: unknown, values: readonly [string, string], method: string): void {
  if (value === undefined || value === values[0] || value === values[1]) return;
  throw new UsageError(`${name} is ${String(value)}; it takes '${values[0]}' or '${values[1]}'`, { method });
}

/** The error for an option that a call does not have: names it, and what was probably meant. */
export function unknownOption({ call, options, example }: CallForm, name: string): UsageError {
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  const meant = otherNames(call, name) ?? nearest(name, options);
  const hint = meant === undefined ? `its options are ${[...options].join(', ')}.` : `did you mean ${meant}?`;
  return new UsageError(`${call} has no option '${shown}'; ${hint} A call looks like this: ${example}`);
}

/** @returns the option whose name is the most like the one given; `undefined` if none is near. */
export function nearest(name: string, options: Iterable<string>): string | undefined {
  const plain = simplified(name);
  let best: string | undefined;
  // A short name is like every other short name.
  let bestDistance = Math.min(2, Math.floor(plain.length / 3)) + 1;
  for (const option of options) {
    const distance = distanceOf(plain, simplified(option), bestDistance);
    if (distance >= bestDistance) continue;
    best = option;
    bestDistance = distance;
  }
  return best;
}

/** Without what differs between `auto_delete`, `auto-delete` and `autoDelete`. */
function simplified(name: string): string {
  return name.slice(0, 60).replaceAll(/[_-]/g, '').toLowerCase();
}

/** Levenshtein: how many letters to add, to drop or to change. @returns `limit` if it is that many or more. */
function distanceOf(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...one].entries()) {
    const current = [row + 1];
    for (const [column, otherLetter] of [...other].entries()) {
      const change = (above[column] ?? limit) + (letter === otherLetter ? 0 : 1);
      const drop = (above[column + 1] ?? limit) + 1;
      const add = (current[column] ?? limit) + 1;
      current.push(Math.min(change, drop, add));
    }
    above = current;
  }
  return Math.min(above[other.length] ?? limit, limit);
}

/** What kind of thing it is: never its value, which may be a secret. */
export function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
