/**
 * What brokers report of themselves, kept once for all connections on which it is the same: a pool of clients, or one that
 * reconnects, hears the same kilobyte again and again. Must not know what it means.
 */
import type { FieldTable, FieldValue } from '@puka/wire';

let last: FieldTable | undefined;

/** @returns an equal table, which is frozen: it may be that of another connection. */
export function sharedProperties(properties: FieldTable): FieldTable {
  if (last === undefined || !isSame(last, properties)) last = frozen(properties);
  return last;
}

function isTable(value: FieldValue): value is FieldTable {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

/** Of other objects than tables none is the same as another. */
function isSame(one: FieldTable, other: FieldTable): boolean {
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => {
    const [left, right] = [one[name], other[name]];
    if (left === undefined || right === undefined) return false;
    return isTable(left) && isTable(right) ? isSame(left, right) : left === right;
  });
}

function frozen(table: FieldTable): FieldTable {
  for (const value of Object.values(table)) if (isTable(value)) frozen(value);
  return Object.freeze(table);
}
