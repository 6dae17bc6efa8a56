/**
 * The path of a value in a table, and the errors with that path.
 *
 * Must not: show text or bytes in a message; a header may be a secret.
 */

import { peerText, UsageError } from '@puka/errors';

/** The path of a nested value, as a list from the inside out. It is built only for nested tables, and read only for an error. */
export interface Place {
  /** The table or array around it; `undefined` for the outermost, whose key is its name in messages. */
  readonly parent: Place | undefined;
  /** Its name in a table, its index in an array. */
  readonly key: string | number;
}

/** Refuses a value that cannot be encoded. @throws {UsageError} always, with the path as in `headers.a.b[2]`. */
export function refuse(value: unknown, parent: Place | undefined, key: string | number, rule: string): never {
  throw new UsageError(`${pathOf({ parent, key })} ${rule}; met ${describe(value)}`);
}

/** Refuses a field over the limit. @throws {UsageError} always. */
export function refuseCount(place: Place): never {
  throw new UsageError(`${pathOf(place)} brings the table over maxTableFields`);
}

/** Describes a value. Numbers are shown, text and bytes are not: a header may be a secret. */
export function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || value === null || value === undefined) {
    return `${value}`;
  }
  if (typeof value !== 'object') return `a ${typeof value}`;
  const maker: unknown = value.constructor;
  return typeof maker === 'function' && maker.name !== '' ? `an instance of ${maker.name}` : 'an object';
}

/**
 * The path from the outermost table: `headers.a.b[2]`, cut if it is long. The names may be those of a message that a
 * peer sent and that is passed on.
 */
export function pathOf(place: Place): string {
  return peerText(wholePathOf(place));
}

function wholePathOf({ parent, key }: Place): string {
  if (parent === undefined) return String(key);
  return typeof key === 'number' ? `${wholePathOf(parent)}[${key}]` : `${wholePathOf(parent)}.${key}`;
}
