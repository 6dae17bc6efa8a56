/**
 * The values of field tables: decoded values, values to encode, and the wrappers that choose a type tag.
 *
 * Must not: read or write bytes.
 */

import { peerText, UsageError } from '@puka/errors';
import { describe } from './field-place.ts';

/**
 * The type tags RabbitMQ reads and writes; they are not those of the AMQP text (AMQP 0-9-1 errata §3).
 *
 * `t` boolean, `b` int8, `B` uint8, `s` int16, `u` uint16, `I` int32, `i` uint32, `l` int64, `f` float32, `d` float64,
 * `D` decimal, `S` long string, `A` array, `T` timestamp, `F` table, `V` void, `x` bytes.
 */
export type FieldTag =
  | 't'
  | 'b'
  | 'B'
  | 's'
  | 'u'
  | 'I'
  | 'i'
  | 'l'
  | 'f'
  | 'd'
  | 'D'
  | 'S'
  | 'A'
  | 'T'
  | 'F'
  | 'V'
  | 'x';

const fieldTags = 'tbBsuIilfdDSATFVx';

/**
 * Registered with the runtime, so that every copy of this package in one process means the same symbols: a program may
 * load an ESM copy and a CommonJS copy, and hand the values of one to the other.
 */
const brands = {
  Tagged: Symbol.for('puka.field.tagged'),
  Decimal: Symbol.for('puka.field.decimal'),
  Timestamp: Symbol.for('puka.field.timestamp'),
} as const;

/** Brands the instances of a class, and lets `instanceof` go by the brand. A class derived from it goes by identity. */
function brandClass(fieldClass: { readonly prototype: object }, brand: symbol): void {
  Object.defineProperty(fieldClass.prototype, brand, { value: true });
  Object.defineProperty(fieldClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== fieldClass) return Function.prototype[Symbol.hasInstance].call(this, value);
      return typeof value === 'object' && value !== null && brand in value;
    },
  });
}

/** A value with its type tag chosen. Made by `int8()`, `longString()` and their kin, and by the tagged decoding of a table. */
export class Tagged {
  static {
    brandClass(Tagged, brands.Tagged);
  }

  /** The type tag on the wire. */
  readonly tag: FieldTag;
  /** The value, as the wrapper of its tag takes it. */
  readonly value: unknown;

  /**
   * @param value is checked against the tag when it is encoded.
   * @throws {UsageError} for a tag that is none.
   */
  constructor(tag: FieldTag, value: unknown) {
    if (typeof tag !== 'string' || tag.length !== 1 || !fieldTags.includes(tag)) {
      throw new UsageError(
        `${typeof tag === 'string' ? peerText(tag) : describe(tag)} is not a type tag of a field; RabbitMQ knows ${fieldTags}`,
      );
    }
    this.tag = tag;
    this.value = value;
  }
}

/** An exact decimal number: `unscaled / 10^scale`. RabbitMQ's tag `D`. */
export class Decimal extends Tagged {
  static {
    brandClass(Decimal, brands.Decimal);
  }

  /** Digits after the point, 0 to 255. */
  readonly scale: number;
  /** The number without its point, -2^31 to 2^31 - 1. */
  readonly unscaled: number;

  /** @throws {UsageError} when a part is out of its range. */
  constructor(unscaled: number, scale: number) {
    if ((unscaled | 0) !== unscaled)
      throw new UsageError(`unscaled part of a decimal is ${describe(unscaled)}; it takes int32`);
    if ((scale & 0xff) !== scale) throw new UsageError(`scale of a decimal is ${describe(scale)}; it takes 0 to 255`);
    super('D', unscaled);
    this.unscaled = unscaled;
    this.scale = scale;
  }

  /** The number in digits, exact: `new Decimal(-105, 2)` prints as `"-1.05"`. */
  override toString(): string {
    const digits = String(Math.abs(this.unscaled)).padStart(this.scale + 1, '0');
    const point = digits.length - this.scale;
    const fraction = this.scale === 0 ? '' : `.${digits.slice(point)}`;
    return `${this.unscaled < 0 ? '-' : ''}${digits.slice(0, point)}${fraction}`;
  }
}

/** A POSIX time in whole seconds, 0 to 2^64 - 1, for times no `Date` can hold. Tag `T`, and the `timestamp` property. */
export class Timestamp extends Tagged {
  static {
    brandClass(Timestamp, brands.Timestamp);
  }

  /** Seconds since 1970-01-01T00:00:00Z: a number when safe, else a bigint. */
  readonly seconds: number | bigint;

  /** @throws {UsageError} when the seconds are negative, no integer, or over 2^64 - 1. */
  constructor(seconds: number | bigint) {
    const isValid =
      typeof seconds === 'bigint'
        ? BigInt.asUintN(64, seconds) === seconds
        : Number.isSafeInteger(seconds) && seconds >= 0;
    if (!isValid) throw new UsageError(`timestamp is ${describe(seconds)}; it takes whole seconds from 0 to 2^64 - 1`);
    super('T', seconds);
    this.seconds = seconds;
  }
}

/** One field of a table in the tagged form: a name (bytes when it is not valid UTF-8) and its value. */
export interface TaggedField {
  /** Its name; bytes if it is no UTF-8. */
  readonly name: string | Uint8Array;
  /** Its value with its tag. */
  readonly value: Tagged;
}

/** A value of a decoded table. `Timestamp` only for times out of the range of `Date`, `Uint8Array` for bytes and for text that is not valid UTF-8. */
export type FieldValue =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | Timestamp
  | Decimal
  | null
  | FieldTable
  | FieldArray;

/** A decoded array. */
export interface FieldArray extends ReadonlyArray<FieldValue> {}

/** A decoded table: an object without prototype, so that names such as `__proto__` are data. */
export interface FieldTable {
  readonly [name: string]: FieldValue;
}

/**
 * A value that can go into a table. How each is encoded: see `writeFieldTable`.
 * `undefined` leaves a field of a table out; in an array it is refused.
 */
export type FieldValueInput =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | Tagged
  | null
  | undefined
  | FieldArrayInput
  | FieldTableInput;

/** An array that can go into a table. */
export interface FieldArrayInput extends ReadonlyArray<FieldValueInput> {}

/** An object with plain fields. */
export interface FieldObjectInput {
  readonly [name: string]: FieldValueInput;
}

/** A table to encode: a plain object, an object without prototype, a `Map` with string keys, or a result of the tagged decoding. */
export type FieldTableInput = FieldObjectInput | ReadonlyMap<string, FieldValueInput> | Tagged;

/** A boolean, tag `t`. */
export function boolean(value: boolean): Tagged {
  return new Tagged('t', value);
}

/** A signed octet, tag `b`: -128 to 127. */
export function int8(value: number): Tagged {
  return new Tagged('b', value);
}

/** An octet, tag `B`: 0 to 255. */
export function uint8(value: number): Tagged {
  return new Tagged('B', value);
}

/** A signed 16-bit integer, tag `s` (the AMQP text uses that letter for short strings, RabbitMQ does not). */
export function int16(value: number): Tagged {
  return new Tagged('s', value);
}

/** A 16-bit integer, tag `u`: 0 to 65 535. */
export function uint16(value: number): Tagged {
  return new Tagged('u', value);
}

/** A signed 32-bit integer, tag `I`. */
export function int32(value: number): Tagged {
  return new Tagged('I', value);
}

/** A 32-bit integer, tag `i`: 0 to 2^32 - 1. */
export function uint32(value: number): Tagged {
  return new Tagged('i', value);
}

/** A signed 64-bit integer, tag `l`: a safe integer, or a bigint from -2^63 to 2^63 - 1. */
export function int64(value: number | bigint): Tagged {
  return new Tagged('l', value);
}

/** A number rounded to single precision, tag `f`. NaN and infinities are refused when it is encoded. */
export function float32(value: number): Tagged {
  return new Tagged('f', value);
}

/** A number in double precision, tag `d`. NaN and infinities are refused when it is encoded. */
export function float64(value: number): Tagged {
  return new Tagged('d', value);
}

/** An exact decimal, tag `D`: `decimal(-105, 2)` is -1.05. @throws {UsageError} when a part is out of its range. */
export function decimal(unscaled: number, scale: number): Decimal {
  return new Decimal(unscaled, scale);
}

/** A time in POSIX seconds, never milliseconds, tag `T`. @throws {UsageError} when it is negative, no integer, or over 2^64 - 1. */
export function timestamp(seconds: number | bigint): Timestamp {
  return new Timestamp(seconds);
}

/** Bytes, tag `x`; they are copied when encoded. */
export function bytes(value: Uint8Array): Tagged {
  return new Tagged('x', value);
}

/** A long string, tag `S`: text, or bytes that need not be UTF-8. */
export function longString(value: string | Uint8Array): Tagged {
  return new Tagged('S', value);
}

/** An array, tag `A`. */
export function array(value: FieldArrayInput): Tagged {
  return new Tagged('A', value);
}

/** A nested table, tag `F`: any table input, or fields in a fixed order, whose names may repeat and may be bytes. */
export function table(value: FieldTableInput | readonly TaggedField[]): Tagged {
  return new Tagged('F', value);
}

/** The void value, tag `V`; `null` is encoded the same. */
export function empty(): Tagged {
  return new Tagged('V', null);
}
