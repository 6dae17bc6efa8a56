/**
 * Values as RabbitMQ's refusals show them: Erlang terms, and Erlang's names of the types of a field table.
 * Must not parse anything.
 */
import type { FieldTag, Tagged } from '@puka/wire';

const typeNames: Readonly<Record<FieldTag, string>> = {
  t: 'bool',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  f: 'float',
  d: 'double',
  D: 'decimal',
  S: 'longstr',
  A: 'array',
  T: 'timestamp',
  F: 'table',
  V: 'void',
  x: 'binary',
};

/** Erlang's name of a type tag, such as `longstr`. */
export function typeNameOf(tag: FieldTag): string {
  return typeNames[tag];
}

/** A binary as `~p` shows it: text in quotes if it is printable ASCII, else its octets. */
export function binaryTerm(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  const isText = bytes.length > 0 && bytes.every((octet) => octet >= 0x20 && octet < 0x7f);
  if (!isText) return octetsTerm(bytes);
  return `<<"${String.fromCharCode(...bytes).replaceAll(/["\\]/g, '\\$&')}">>`;
}

/** A binary as `~w` shows it: its octets. */
export function octetsTerm(bytes: Uint8Array): string {
  return `<<${[...bytes].join(',')}>>`;
}

/** A list of characters as `~p` shows it. */
export function stringTerm(text: string): string {
  return text === '' ? '[]' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** The value of a field as `~p` shows it. */
export function valueTerm({ tag, value }: Tagged): string {
  switch (tag) {
    case 'S':
    case 'x':
      return typeof value === 'string' || value instanceof Uint8Array ? binaryTerm(value) : '';
    case 'V':
      return 'undefined';
    case 'f':
    case 'd':
      return Number.isInteger(value) ? `${value}.0` : String(value);
    default:
      return String(value);
  }
}

/** The value of an argument in quotes: text as it is, anything else as a term. */
export function quotedValue(field: Tagged): string {
  return `'${typeof field.value === 'string' ? field.value : valueTerm(field)}'`;
}
