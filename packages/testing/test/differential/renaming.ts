/** Gives the names of a program what makes them its own. Must not know what a name stands for. */
import type { FieldObjectInput, MethodInput } from '@puka/wire';

const nameFields = ['queue', 'exchange', 'routingKey', 'source', 'destination'];

/** @param suffix replaces `~`. */
export function renamed(method: MethodInput, suffix: string): MethodInput {
  const fields = Object.entries(method).map(([key, value]: [string, unknown]): [string, unknown] => {
    if (nameFields.includes(key) && typeof value === 'string') return [key, named(value, suffix)];
    return key === 'arguments' && isPlainTable(value) ? [key, renamedTable(value, suffix)] : [key, value];
  });
  // The same fields with values of the same types.
  return Object.fromEntries(fields) as unknown as MethodInput;
}

/** One name. */
export function named(name: string, suffix: string): string {
  return name.replace('~', suffix);
}

/** The texts of a table, and of the arrays in it. */
export function renamedTable(table: FieldObjectInput, suffix: string): FieldObjectInput {
  const rename = (value: unknown): unknown => {
    if (typeof value === 'string') return named(value, suffix);
    return Array.isArray(value) ? value.map(rename) : value;
  };
  // The same fields with values of the same types.
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, rename(value)])) as FieldObjectInput;
}

function isPlainTable(value: unknown): value is FieldObjectInput {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
