/**
 * Field tables as JSON without loss: every type tag, the order, names and texts that are no UTF-8. A table is a list of pairs
 * of name and value. Text, booleans and null are themselves; all else is an object of one key, its type tag: `{"I":5}`.
 */
import { Decimal, Tagged, Timestamp, UsageError } from '@puka/client';

/** The form of a value. */
export type FieldJson = string | boolean | null | { readonly [tag: string]: unknown };

/** The form of a table. A name is bytes in base64 if it is not UTF-8. */
export type TableJson = readonly (readonly [name: string | { readonly base64: string }, value: FieldJson])[];

interface TaggedField {
  readonly name: string | Uint8Array;
  readonly value: Tagged;
}

/** @param table what `message.taggedHeaders` is. */
export function tableToJson(table: Tagged): TableJson {
  // The tagged decoding of a table is a list of fields.
  return (table.value as readonly TaggedField[]).map(({ name, value }) => [
    typeof name === 'string' ? name : { base64: base64(name) },
    valueToJson(value),
  ]);
}

function valueToJson(field: Tagged): FieldJson {
  const { tag, value } = field;
  if (tag === 'V') return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (field instanceof Decimal) return { D: [field.unscaled, field.scale] };
  if (field instanceof Timestamp) return { T: numberToJson(field.seconds) };
  if (value instanceof Uint8Array) return { [tag]: base64(value) };
  if (tag === 'A') return { A: (value as readonly Tagged[]).map(valueToJson) };
  if (tag === 'F') return { F: tableToJson(field) };
  if (value instanceof Date) return { T: value.getTime() / 1000 };
  return { [tag]: numberToJson(value) };
}

/** What JSON has no number for is text. */
function numberToJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return Object.is(value, -0) ? '-0' : value;
}

/** @throws {UsageError} for what is no such table. */
export function tableFromJson(json: unknown): Tagged {
  if (!Array.isArray(json)) throw new UsageError('a table is a list of pairs: [["name", value], …]');
  const fields = json.map((pair): TaggedField => {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new UsageError('a field of a table is a pair: ["name", value]');
    return { name: nameFromJson(pair[0]), value: valueFromJson(pair[1]) };
  });
  return new Tagged('F', fields);
}

function nameFromJson(name: unknown): string | Uint8Array {
  if (typeof name === 'string') return name;
  const encoded: unknown = Object(name).base64;
  if (typeof encoded === 'string') return bytesFrom(encoded);
  throw new UsageError('the name of a field is a text, or {"base64": "…"}');
}

function valueFromJson(json: unknown): Tagged {
  if (json === null) return new Tagged('V', null);
  if (typeof json === 'string') return new Tagged('S', json);
  if (typeof json === 'boolean') return new Tagged('t', json);
  const [entry, ...others] = typeof json === 'object' ? Object.entries(json) : [];
  if (entry === undefined || others.length > 0) {
    throw new UsageError(
      'a value of a table is a text, true, false, null, or an object of one key, its type: {"I": 5}',
    );
  }
  const [tag, value] = entry;
  if (tag === 'A' && Array.isArray(value)) return new Tagged('A', value.map(valueFromJson));
  if (tag === 'F') return tableFromJson(value);
  if (tag === 'D' && Array.isArray(value)) return new Decimal(Number(value[0]), Number(value[1]));
  if ((tag === 'x' || tag === 'S') && typeof value === 'string') return new Tagged(tag, bytesFrom(value));
  if (tag === 'T') return new Timestamp(BigInt(integerText(value)));
  if (tag === 'l') return new Tagged('l', BigInt(integerText(value)));
  if ((tag === 'd' || tag === 'f') && typeof value === 'string') return new Tagged(tag, Number(value));
  // The tag is checked by the class, the value when it is encoded.
  return new Tagged(tag as Tagged['tag'], value);
}

function integerText(value: unknown): string {
  const text = String(value);
  if (/^-?\d+$/.test(text)) return text;
  throw new UsageError(`'${text}' is not a whole number`);
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** @throws {UsageError} for what is no base64. */
export function bytesFrom(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw new UsageError('this is not base64');
  return Buffer.from(text, 'base64');
}
