/**
 * Checks the arguments that a test passes to its broker. A wrong argument is refused at the call, because a fault that never happens, or
 * affects other clients, would let a wrong test pass. Must not know any particular call.
 */
import { UsageError } from '@puka/errors';

/** @throws {UsageError} for anything but a number from `least` on. With `mayBeInfinite`, `Infinity` is allowed. */
export function checkNumber(
  what: string,
  value: unknown,
  { least = 0, mayBeInfinite = false }: { readonly least?: number; readonly mayBeInfinite?: boolean } = {},
): void {
  if (typeof value === 'number' && value >= least && (mayBeInfinite || Number.isFinite(value))) return;
  throw new UsageError(
    `${what} is ${shown(value)}; it takes a number from ${least} on${mayBeInfinite ? ', or Infinity' : ''}`,
  );
}

/** @throws {UsageError} for anything but an integer from 0 on, or `Infinity`. */
export function checkTimes(call: string, times: unknown): void {
  if (times === Number.POSITIVE_INFINITY || (Number.isSafeInteger(times) && Number(times) >= 0)) return;
  throw new UsageError(`times of ${call}() is ${shown(times)}; it takes an integer from 0 on, or Infinity`);
}

/** @throws {UsageError} for an option that the call does not have, and for a value that is not an object. */
export function checkNames<Options extends object>(
  call: string,
  options: Options,
  names: readonly (keyof Options)[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError(`${call}() takes an object of options, not ${shown(options)}`);
  }
  const known: readonly unknown[] = names;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${call}() has no option '${unknown.slice(0, 60)}'; it takes ${names.map(String).join(', ')}`);
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 60)}'`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
