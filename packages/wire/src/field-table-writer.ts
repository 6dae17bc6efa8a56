/**
 * Encodes field tables: picks a type tag for each JavaScript value, or takes the one a wrapper has chosen.
 *
 * Must not: guess. A value that has no one obvious encoding is refused with its path.
 */

import { UsageError } from '@puka/errors';
import { isBytes, isDate, isMap, isPlainObject } from './any-realm.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Place, pathOf, refuse, refuseCount } from './field-place.ts';
import { finite, integer, putTag, secondsOf, writeInt64, writeNumber, writeText } from './field-scalar-writer.ts';
import { type FieldArrayInput, type FieldTableInput, Tagged, type TaggedField } from './field-values.ts';
import { defaultMaxTableFields, highestMaxTableDepth } from './limits.ts';

/** How a table is encoded. */
export interface TableWriteOptions {
  /** Maximum nesting depth of tables and arrays, the outermost included; that of the writer (64) by default, 512 at most. */
  readonly maxTableDepth?: number;
  /** Maximum number of fields and elements in total; 65 536 by default. */
  readonly maxTableFields?: number;
}

const noOptions: TableWriteOptions = {};
/** Not `Object.hasOwn`: V8 removes this call inside `for … in`, which halves the cost of reading a table. */
const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Writes a field table with its length. AMQP 0-9-1 §4.2.5.5, with RabbitMQ's type tags.
 *
 * Without a wrapper: boolean `t`; an integer in the safe range `I` when it fits int32, else `l`; any other finite number and −0 `d`;
 * bigint `l`; string `S`; `Uint8Array` `x`; `Date` `T` (whole seconds, rounded down); array `A`; `Map`, plain object and object without
 * prototype `F`; `null` `V`. Fields that are `undefined` are left out.
 *
 * @param writer after an error it holds a part of the table: the caller rolls it back.
 * @param name what the table is called in messages.
 * @throws {UsageError} with the path (`headers.a.b[2]`) for NaN, infinities, functions, symbols, instances of other classes, a bigint beyond
 *   int64, a time before 1970, `undefined` in an array, a name over 255 bytes, a cycle, and more nesting or fields than the limits allow.
 */
export function writeFieldTable(
  writer: ByteWriter,
  table: FieldTableInput,
  name = 'table',
  options: TableWriteOptions = noOptions,
): void {
  const place: Place = { parent: undefined, key: name };
  const depthLeft = Math.min(options.maxTableDepth ?? writer.maxTableDepth, highestMaxTableDepth);
  const fieldsLeft = options.maxTableFields ?? defaultMaxTableFields;
  try {
    if (isPlainObject(table)) writeObject(writer, table, depthLeft, fieldsLeft, place);
    else writeTable(writer, table, depthLeft, fieldsLeft, place);
  } catch (error) {
    // A new error is made here: a stack of ten frames that starts deep in nested tables would not reach the caller.
    throw error instanceof UsageError ? new UsageError(error.message) : error;
  }
}

/**
 * Encodes a field table with its length, as `writeFieldTable` does.
 *
 * @returns bytes of the caller's own.
 */
export function encodeTable(table: FieldTableInput, options: TableWriteOptions = noOptions): Uint8Array {
  const writer = new ByteWriter(256);
  writer.begin();
  writeFieldTable(writer, table, 'table', options);
  return writer.bytes.slice(writer.unitStart, writer.position);
}

/** Writes a table of any kind. @returns how many fields more may follow; so do all functions below. */
function writeTable(writer: ByteWriter, table: unknown, depthLeft: number, fieldsLeft: number, place: Place): number {
  if (table instanceof Tagged && table.tag === 'F') {
    if (Array.isArray(table.value)) return writeTaggedFields(writer, table.value, depthLeft, fieldsLeft, place);
    return writeTable(writer, table.value, depthLeft, fieldsLeft, place);
  }
  if (isMap(table)) return writeMap(writer, table, depthLeft, fieldsLeft, place);
  if (isPlainObject(table)) return writeObject(writer, table, depthLeft, fieldsLeft, place);
  return refuse(table, place.parent, place.key, 'is not a table: it takes a plain object, a Map or table()');
}

function writeObject(
  writer: ByteWriter,
  table: { readonly [name: string]: unknown },
  depthLeft: number,
  fieldsLeft: number,
  place: Place,
): number {
  const lengthAt = beginNested(writer, depthLeft, place);
  let left = fieldsLeft;
  for (const name in table) {
    if (!hasOwn.call(table, name)) continue;
    const value = table[name];
    if (value === undefined) continue;
    writer.writeShortString(name, 'name of a table field');
    left = writeValue(writer, value, depthLeft - 1, left, place, name);
  }
  endNested(writer, lengthAt);
  return left;
}

function writeMap(
  writer: ByteWriter,
  table: ReadonlyMap<unknown, unknown>,
  depthLeft: number,
  fieldsLeft: number,
  place: Place,
): number {
  const lengthAt = beginNested(writer, depthLeft, place);
  let left = fieldsLeft;
  for (const name of table.keys()) {
    const value = table.get(name);
    if (typeof name !== 'string') refuse(name, place.parent, place.key, 'has a name that is not a string');
    if (value === undefined) continue;
    writer.writeShortString(name, 'name of a table field');
    left = writeValue(writer, value, depthLeft - 1, left, place, name);
  }
  endNested(writer, lengthAt);
  return left;
}

/** Writes fields in their order; names may repeat and may be bytes. */
function writeTaggedFields(
  writer: ByteWriter,
  fields: readonly TaggedField[],
  depthLeft: number,
  fieldsLeft: number,
  place: Place,
): number {
  const lengthAt = beginNested(writer, depthLeft, place);
  let left = fieldsLeft;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (typeof field !== 'object' || field === null) return refuse(field, place, index, 'is not { name, value }');
    const { name, value } = field;
    if (isBytes(name)) {
      writer.writeUint8(name.length, 'length of the name of a table field');
      writer.writeBytes(name);
    } else {
      writer.writeShortString(name, 'name of a table field');
    }
    left = writeValue(writer, value, depthLeft - 1, left, place, typeof name === 'string' ? name : index);
  }
  endNested(writer, lengthAt);
  return left;
}

function writeArray(
  writer: ByteWriter,
  array: FieldArrayInput,
  depthLeft: number,
  fieldsLeft: number,
  place: Place,
): number {
  const lengthAt = beginNested(writer, depthLeft, place);
  let left = fieldsLeft;
  for (let index = 0; index < array.length; index++) {
    left = writeValue(writer, array[index], depthLeft - 1, left, place, index);
  }
  endNested(writer, lengthAt);
  return left;
}

/** Writes a tag and the value after it. */
function writeValue(
  writer: ByteWriter,
  value: unknown,
  depthLeft: number,
  fieldsLeft: number,
  place: Place,
  key: string | number,
): number {
  if (!(fieldsLeft > 0)) refuseCount(place);
  switch (typeof value) {
    case 'string':
      putTag(writer, 'S');
      writeText(writer, value, place, key);
      return fieldsLeft - 1;
    case 'number':
      writeNumber(writer, value, place, key);
      return fieldsLeft - 1;
    case 'boolean':
      putTag(writer, 't');
      writer.writeUint8(value ? 1 : 0);
      return fieldsLeft - 1;
    case 'bigint':
      putTag(writer, 'l');
      writeInt64(writer, value, place, key);
      return fieldsLeft - 1;
    case 'object':
      if (value !== null) return writeInstance(writer, value, depthLeft, fieldsLeft - 1, place, key);
      putTag(writer, 'V');
      return fieldsLeft - 1;
    case 'undefined':
      return refuse(value, place, key, 'cannot be encoded; null can');
    default:
      return refuse(value, place, key, 'cannot be encoded');
  }
}

function writeInstance(
  writer: ByteWriter,
  value: object,
  depthLeft: number,
  fieldsLeft: number,
  place: Place,
  key: string | number,
): number {
  if (Array.isArray(value)) {
    putTag(writer, 'A');
    return writeArray(writer, value, depthLeft, fieldsLeft, { parent: place, key });
  }
  if (isPlainObject(value)) {
    putTag(writer, 'F');
    return writeObject(writer, value, depthLeft, fieldsLeft, { parent: place, key });
  }
  if (value instanceof Tagged) return writeTagged(writer, value, depthLeft, fieldsLeft, place, key);
  if (isBytes(value)) {
    putTag(writer, 'x');
    writer.writeLongString(value);
    return fieldsLeft;
  }
  if (isDate(value)) {
    putTag(writer, 'T');
    writer.writeUint64(secondsOf(value, place, key));
    return fieldsLeft;
  }
  if (isMap(value)) {
    putTag(writer, 'F');
    return writeMap(writer, value, depthLeft, fieldsLeft, { parent: place, key });
  }
  return refuse(value, place, key, 'cannot be encoded');
}

/** Writes a value under the tag that was chosen for it, or refuses it if it does not fit that tag. */
function writeTagged(
  writer: ByteWriter,
  tagged: Tagged,
  depthLeft: number,
  fieldsLeft: number,
  place: Place,
  key: string | number,
): number {
  const { tag, value } = tagged;
  putTag(writer, tag);
  switch (tag) {
    case 't':
      // Any octet but 0 means true; the tagged decoding keeps one that is not 1 as a number.
      writer.writeUint8(typeof value === 'boolean' ? Number(value) : integer(value, 0, 0xff, place, key));
      return fieldsLeft;
    case 'b':
      writer.writeInt8(integer(value, -0x80, 0x7f, place, key));
      return fieldsLeft;
    case 'B':
      writer.writeUint8(integer(value, 0, 0xff, place, key));
      return fieldsLeft;
    case 's':
      writer.writeInt16(integer(value, -0x8000, 0x7fff, place, key));
      return fieldsLeft;
    case 'u':
      writer.writeUint16(integer(value, 0, 0xffff, place, key));
      return fieldsLeft;
    case 'I':
      writer.writeInt32(integer(value, -0x8000_0000, 0x7fff_ffff, place, key));
      return fieldsLeft;
    case 'i':
      writer.writeUint32(integer(value, 0, 0xffff_ffff, place, key));
      return fieldsLeft;
    case 'l':
      writeInt64(writer, value, place, key);
      return fieldsLeft;
    case 'f':
      writer.writeFloat32(finite(value, place, key, Math.fround));
      return fieldsLeft;
    case 'd':
      writer.writeFloat64(finite(value, place, key, Number));
      return fieldsLeft;
    case 'D':
      writer.writeUint8(integer('scale' in tagged ? tagged.scale : undefined, 0, 0xff, place, key));
      writer.writeInt32(integer(value, -0x8000_0000, 0x7fff_ffff, place, key));
      return fieldsLeft;
    case 'T':
      writer.writeUint64(secondsOf(value, place, key));
      return fieldsLeft;
    case 'S':
      if (typeof value === 'string') writeText(writer, value, place, key);
      else if (isBytes(value)) writer.writeLongString(value);
      else refuse(value, place, key, 'is neither a string nor bytes');
      return fieldsLeft;
    case 'x':
      if (!isBytes(value)) return refuse(value, place, key, 'is not a Uint8Array');
      writer.writeLongString(value);
      return fieldsLeft;
    case 'V':
      return fieldsLeft;
    case 'A':
      if (!Array.isArray(value)) return refuse(value, place, key, 'is not an array');
      return writeArray(writer, value, depthLeft, fieldsLeft, { parent: place, key });
    case 'F':
      return writeTable(writer, tagged, depthLeft, fieldsLeft, { parent: place, key });
    default: {
      const unknown: never = tag;
      return refuse(unknown, place, key, 'is a tag that RabbitMQ does not know');
    }
  }
}

/** Starts a table or an array, whose length is not known yet. @returns where the length goes, relative to the unit. */
function beginNested(writer: ByteWriter, depthLeft: number, place: Place): number {
  if (!(depthLeft > 0)) {
    throw new UsageError(`${pathOf(place)} is nested deeper than maxTableDepth allows, or contains itself`);
  }
  writer.reserve(4);
  const lengthAt = writer.position - writer.unitStart;
  writer.position += 4;
  return lengthAt;
}

/** The length counts the octets after it. AMQP 0-9-1 errata §4: for arrays too. */
function endNested(writer: ByteWriter, lengthAt: number): void {
  const at = writer.unitStart + lengthAt;
  const size = writer.position - at - 4;
  const { bytes } = writer;
  bytes[at] = size >>> 24;
  bytes[at + 1] = size >>> 16;
  bytes[at + 2] = size >>> 8;
  bytes[at + 3] = size;
}
