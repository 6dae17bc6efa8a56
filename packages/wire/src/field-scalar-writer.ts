/**
 * Encodes the values of a field table that hold no others: numbers, times and text.
 *
 * Must not: know how tables and arrays nest.
 */

import { isDate } from './any-realm.ts';
import type { ByteWriter } from './byte-writer.ts';
import { type Place, refuse } from './field-place.ts';
import type { FieldTag } from './field-values.ts';
import { utf8Length } from './utf8.ts';

/** Writes a number under the tag that fits it: `I`, `l` or `d`. */
export function writeNumber(writer: ByteWriter, value: number, place: Place, key: string | number): void {
  if ((value | 0) === value && !Object.is(value, -0)) {
    putTag(writer, 'I');
    writer.writeInt32(value);
  } else if (Number.isSafeInteger(value) && value !== 0) {
    putTag(writer, 'l');
    writer.writeInt64(value);
  } else {
    putTag(writer, 'd');
    writer.writeFloat64(finite(value, place, key, Number));
  }
}

/** Writes text as UTF-8 with its length. */
export function writeText(writer: ByteWriter, text: string, place: Place, key: string | number): void {
  const size = utf8Length(text);
  if (size < 0) refuse(text, place, key, 'has a lone surrogate, which UTF-8 cannot express');
  writer.writeUint32(size);
  writer.writeUtf8(text, size);
}

/** Writes a bigint or a safe integer in 64 bits. */
export function writeInt64(writer: ByteWriter, value: unknown, place: Place, key: string | number): void {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value) refuse(value, place, key, 'is beyond int64');
    writer.writeInt64(value);
  } else {
    writer.writeInt64(integer(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, place, key));
  }
}

/** The `T` of a `Date`, or of the seconds in a wrapper. */
export function secondsOf(value: unknown, place: Place, key: string | number): number | bigint {
  if (typeof value === 'bigint') {
    return BigInt.asUintN(64, value) === value ? value : refuse(value, place, key, 'is beyond uint64');
  }
  const seconds = isDate(value) ? Math.floor(value.getTime() / 1000) : value;
  if (typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds >= 0) return seconds;
  return refuse(value, place, key, 'is not a time from 1970 on in whole seconds');
}

/** Lets through an integer in a range. */
export function integer(value: unknown, min: number, max: number, place: Place, key: string | number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  return refuse(value, place, key, `is not an integer from ${min} to ${max}`);
}

/** RabbitMQ closes the connection (541) over NaN and infinities in a table. */
export function finite(value: unknown, place: Place, key: string | number, rounded: (value: number) => number): number {
  if (typeof value === 'number' && Number.isFinite(rounded(value))) return value;
  return refuse(value, place, key, 'is not a finite number');
}

/** Writes a tag. */
export function putTag(writer: ByteWriter, tag: FieldTag): void {
  writer.writeUint8(tag.charCodeAt(0));
}
