/** Checks the arguments of a call: one object with known options of the right kind. Must not know any particular call. */
import { UsageError } from '@puka/errors';

/** A call, its options and an example of it. */
export interface CallForm<Options> {
  readonly call: string;
  readonly example: string;
  /** Lists every option, so that the compiler reports a missing one. */
  readonly options: { readonly [Name in keyof Required<Options>]: true };
}

/** @throws {UsageError} for anything but one object of the options that the call has. */
export function checkOptions<Options>({ call, example, options }: CallForm<Options>, given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UsageError(`${call} takes one object of options, not ${kindOf(given)}: ${example}`);
  }
  // No array of entries is created, because this runs for each call of a caller.
  const values = given as Readonly<Record<string, unknown>>; // An object, so whatever it has.
  for (const name in values) {
    if (values[name] === undefined || Object.hasOwn(options, name)) continue;
    const known = Object.keys(options).join(', ');
    throw new UsageError(
      `${call} has no option '${name.slice(0, 60)}'; its options are ${known}. A call looks like this: ${example}`,
    );
  }
}

/** @throws {UsageError} for a value that is neither `true`, `false` nor `undefined`. */
export function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new UsageError(`${name} is ${kindOf(value)}; it takes true or false`);
}

/** The kind of a value. Never shows the value itself, which may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The length of a name in UTF-8, as it is sent. */
export function bytesOf(name: string): number {
  let bytes = 0;
  for (const character of name) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
