/** A difference between a topology and a broker, with the values of both sides, and how values are compared. Must not call a broker. */
import { Tagged } from '@puka/client';
import { isDate, isMap } from './any-realm.ts';

/** What a difference or a failure is about. */
export type ThingKind = 'exchange' | 'queue' | 'binding' | 'policy';

/** One difference. */
export interface Difference {
  /** What it is. */
  readonly kind: ThingKind;
  /** The name; of a binding `source -> destination`, with its routing key. */
  readonly name: string;
  /** What differs: `presence`, a flag such as `durable`, `type`, or an argument such as `x-message-ttl`. */
  readonly field: string;
  /** The value in the topology; `undefined` for none. */
  readonly expected: unknown;
  /** What the broker has; `undefined` for nothing. */
  readonly actual: unknown;
  /** Both sides in a sentence. */
  readonly text: string;
}

/** Makes a difference, with its sentence. */
export function difference(
  kind: ThingKind,
  name: string,
  field: string,
  expected: unknown,
  actual: unknown,
): Difference {
  const text =
    field === 'presence'
      ? `${kind} '${name}' is ${String(actual)}; the topology wants it ${String(expected)}`
      : `${kind} '${name}': ${field} is ${side(actual)}; the topology has ${side(expected)}`;
  return { kind, name, field, expected, actual, text };
}

/** The differences of two sets of fields, by name. */
export function fieldDifferences(
  kind: ThingKind,
  name: string,
  expected: ReadonlyMap<string, unknown>,
  actual: ReadonlyMap<string, unknown>,
): Difference[] {
  const fields = [...new Set([...expected.keys(), ...actual.keys()])];
  return fields
    .filter((field) => canonical(expected.get(field)) !== canonical(actual.get(field)))
    .map((field) => difference(kind, name, field, plain(expected.get(field)), plain(actual.get(field))));
}

/** The same text for values that RabbitMQ holds to be the same, whatever integer type they were sent as. */
export function canonical(value: unknown): string {
  const it = plain(value);
  if (it === undefined) return 'undefined';
  if (Array.isArray(it)) return `[${it.map(canonical).join()}]`;
  if (typeof it === 'object' && it !== null) {
    const fields = Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join()}}`;
  }
  return typeof it === 'bigint' ? String(it) : JSON.stringify(it);
}

/** A value without its type tag. RabbitMQ's management API has times in seconds. */
function plain(value: unknown): unknown {
  if (isMap(value)) return Object.fromEntries(value as ReadonlyMap<string, unknown>); // The names in a field table are strings.
  if (isDate(value)) return Math.floor(value.getTime() / 1000);
  return value instanceof Tagged ? plain(value.value) : value;
}

function side(value: unknown): string {
  return value === undefined ? 'not set' : canonical(value);
}
