/** Small helpers that make of a call's options the fields of a method. Pure; must not know a single method. */
import { UsageError } from '@puka/errors';
import {
  type FieldTableInput,
  type FieldValue,
  type FieldValueInput,
  isMap,
  isPlainObject,
  type Method,
} from '@puka/wire';

/** Reads a reply that has no fields. */
export function nothing(_reply: Method): void {}

/**
 * A copy of a table, so that what is sent later is what the caller passed at the call.
 *
 * @returns what is no plain object and no `Map` as it is: the encoder refuses it, or it never changes.
 */
export function copyOf(table: FieldTableInput | undefined): FieldTableInput | undefined {
  if (isPlainObject(table)) return { ...table };
  return isMap(table) ? new Map(table as ReadonlyMap<string, FieldValueInput>) : table;
}

/** @throws {UsageError} for an option that is no integer in its range. */
export function checkInteger(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new UsageError(`${name} is ${String(value)}; it takes integers from ${least} to ${most}`);
}

/** Whether a version like `4.3.0-rc.1` is not below another; `false` for what is none. */
export function isAtLeast(version: FieldValue | undefined, major: number, minor: number): boolean {
  const parts = typeof version === 'string' ? /^(\d+)\.(\d+)/.exec(version) : null;
  if (parts === null) return false;
  const [, ownMajor, ownMinor] = parts.map(Number);
  if (ownMajor === undefined || ownMinor === undefined) return false;
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
