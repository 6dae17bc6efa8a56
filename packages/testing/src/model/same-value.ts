/** Whether two values of field tables are the same to RabbitMQ. Must not know where they come from. */
import { Decimal, type FieldTag, type Tagged } from '@puka/wire';
import { elementsOf, fieldsOf } from './arguments.ts';

/**
 * Compares as Erlang's `==` does: the tags of the two are not looked at, so that numbers of any tag, and bytes and text,
 * compare by value; within arrays and tables the tags count.
 */
export function isSameValue(a: Tagged, b: Tagged): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  switch (kind) {
    case 'number':
      return isNumber(a.value) && isNumber(b.value) && isSameNumber(a.value, b.value);
    case 'bytes':
      return isSameBytes(bytesOf(a.value), bytesOf(b.value));
    case 'decimal':
      return a instanceof Decimal && b instanceof Decimal && a.scale === b.scale && a.unscaled === b.unscaled;
    case 'array':
      return isSameList(elementsOf(a), elementsOf(b), isSameTagged);
    case 'table':
      return isSameList(
        fieldsOf(a),
        fieldsOf(b),
        ([nameA, valueA], [nameB, valueB]) => nameA === nameB && isSameTagged(valueA, valueB),
      );
    case 'other':
      return a.value === b.value;
    default: {
      const never: never = kind;
      return never;
    }
  }
}

type Kind = 'number' | 'bytes' | 'decimal' | 'array' | 'table' | 'other';

const kinds: Readonly<Partial<Record<FieldTag, Kind>>> = {
  S: 'bytes',
  x: 'bytes',
  D: 'decimal',
  A: 'array',
  F: 'table',
  t: 'other',
  V: 'other',
};

function kindOf({ tag }: Tagged): Kind {
  return kinds[tag] ?? 'number';
}

function isSameTagged(a: Tagged, b: Tagged): boolean {
  return a.tag === b.tag && isSameValue(a, b);
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isSameNumber(a: number | bigint, b: number | bigint): boolean {
  return typeof a === typeof b ? a === b : Number(a) === Number(b);
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new TextEncoder().encode(String(value));
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (a: T, b: T) => boolean): boolean {
  return (
    a.length === b.length &&
    a.every((element, index) => {
      const other = b[index];
      return other !== undefined && isSame(element, other);
    })
  );
}
