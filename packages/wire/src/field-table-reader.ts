/**
 * Decodes field tables, into plain values or with their type tags.
 *
 * Must not: throw anything but `AmqpSyntaxError` and `LimitExceeded`, or spend more time and memory than the octets received allow.
 */

import { AmqpSyntaxError, LimitExceeded } from '@puka/errors';
import { ByteReader } from './byte-reader.ts';
import {
  Decimal,
  type FieldTable,
  type FieldTag,
  type FieldValue,
  Tagged,
  type TaggedField,
  Timestamp,
} from './field-values.ts';
import { defaultMaxTableDepth, defaultMaxTableFields, highestMaxTableDepth } from './limits.ts';
import { decodeText } from './lossless-text.ts';
import type { ShortStringCache } from './short-string-cache.ts';
import { decodeUtf8Strictly } from './utf8.ts';

/** How a table is decoded. */
export interface TableReadOptions {
  /** Maximum nesting depth of tables and arrays, the outermost included; 64 by default, 512 at most. */
  readonly maxTableDepth?: number;
  /** Maximum number of fields and elements in total; 65 536 by default. */
  readonly maxTableFields?: number;
  /** Remembers the names of fields for the tables of one connection, most of which repeat; none by default. */
  readonly names?: ShortStringCache;
}

/** The largest time of a `Date`, in seconds: ECMAScript's time range is ±8.64e15 ms. */
const maxDateSeconds = 8_640_000_000_000;
const noOptions: TableReadOptions = {};

/**
 * Reads a field table with its length. AMQP 0-9-1 §4.2.5.5, with RabbitMQ's type tags, and besides `L` as `l` and `U` as `s`.
 *
 * 64-bit integers come as a number when it is safe, else as a bigint; bytes, and text that is not valid UTF-8, as a new `Uint8Array`;
 * times as a `Date`, or a `Timestamp` when it is out of the range of `Date`; of a name that repeats the last value is kept. Octets of a name that are
 * not valid UTF-8 are kept as `decodeText` describes: names of different bytes stay different, and encoding yields the same bytes.
 *
 * @returns an object without prototype; nothing in it shares memory with the reader's bytes.
 * @throws {AmqpSyntaxError} for an unknown tag and for lengths that do not fit.
 * @throws {LimitExceeded} for more nesting or fields than the limits allow, with blame `peer`.
 */
export function readFieldTable(reader: ByteReader, options: TableReadOptions = noOptions): FieldTable {
  return new TableReader(reader, options).readTable();
}

/**
 * Reads a field table with its length, and keeps for each value its tag, for each name its bytes when they are not valid UTF-8, the order, and names
 *that repeat: encoding the result yields the same octets. `L` and `U`, which RabbitMQ may not survive, become `l` and `s`;
 * NaN and infinities are kept but refused when encoded.
 *
 * @returns a `Tagged` of tag `F` whose value is a list of `TaggedField`.
 * @throws {AmqpSyntaxError | LimitExceeded} as `readFieldTable` does.
 */
export function readTaggedTable(reader: ByteReader, options: TableReadOptions = noOptions): Tagged {
  return new TableReader(reader, options).readTaggedTable();
}

/** Decodes a table of its own, with its length before it, as `readTaggedTable` does. */
export function decodeTable(bytes: Uint8Array, options: TableReadOptions & { readonly tagged: true }): Tagged;
/** Decodes a table of its own, with its length before it, as `readFieldTable` does. @throws {AmqpSyntaxError} also when bytes follow it. */
export function decodeTable(bytes: Uint8Array, options?: TableReadOptions & { readonly tagged?: false }): FieldTable;
export function decodeTable(
  bytes: Uint8Array,
  options: TableReadOptions & { readonly tagged?: boolean } = noOptions,
): FieldTable | Tagged {
  const reader = new ByteReader(bytes);
  const table = options.tagged === true ? readTaggedTable(reader, options) : readFieldTable(reader, options);
  if (reader.remaining > 0) malformed(`${reader.remaining} octets after the table`);
  return table;
}

/** The nesting depth and the number of fields left while one table is read. With a limit that is not a number, every check fails. */
class TableReader {
  private readonly reader: ByteReader;
  private readonly names: ShortStringCache | undefined;
  private depthLeft: number;
  private fieldsLeft: number;

  constructor(reader: ByteReader, options: TableReadOptions) {
    this.reader = reader;
    this.names = options.names;
    this.depthLeft = Math.min(options.maxTableDepth ?? defaultMaxTableDepth, highestMaxTableDepth);
    this.fieldsLeft = options.maxTableFields ?? defaultMaxTableFields;
  }

  readTable(): FieldTable {
    const { reader } = this;
    const outerEnd = this.enter();
    const table: { [name: string]: FieldValue } = Object.create(null);
    while (reader.position < reader.end) {
      const name = this.readName();
      table[name] = this.readValue();
    }
    this.leave(outerEnd);
    return table;
  }

  readTaggedTable(): Tagged {
    const { reader } = this;
    const outerEnd = this.enter();
    const fields: TaggedField[] = [];
    while (reader.position < reader.end) {
      const name = this.readTaggedName();
      fields.push({ name, value: this.readTaggedValue() });
    }
    this.leave(outerEnd);
    return new Tagged('F', fields);
  }

  private readArray(): FieldValue[] {
    const { reader } = this;
    const outerEnd = this.enter();
    const array: FieldValue[] = [];
    while (reader.position < reader.end) array.push(this.readValue());
    this.leave(outerEnd);
    return array;
  }

  private readTaggedArray(): Tagged {
    const { reader } = this;
    const outerEnd = this.enter();
    const array: Tagged[] = [];
    while (reader.position < reader.end) array.push(this.readTaggedValue());
    this.leave(outerEnd);
    return new Tagged('A', array);
  }

  private readValue(): FieldValue {
    const tag = this.nextTag();
    const { reader } = this;
    switch (tag) {
      case 't':
        return reader.readUint8() !== 0;
      case 'D':
        return this.readDecimal();
      case 'S':
        return readText(reader);
      case 'A':
        return this.readArray();
      case 'T': {
        const seconds = reader.readUint64();
        return seconds <= maxDateSeconds ? new Date(Number(seconds) * 1000) : new Timestamp(seconds);
      }
      case 'F':
        return this.readTable();
      case 'V':
        return null;
      case 'x':
        return copyOf(reader.readLongString());
      default:
        return readNumber(reader, tag);
    }
  }

  private readTaggedValue(): Tagged {
    const tag = this.nextTag();
    const { reader } = this;
    switch (tag) {
      case 't': {
        const octet = reader.readUint8();
        return new Tagged(tag, octet > 1 ? octet : octet === 1);
      }
      case 'D':
        return this.readDecimal();
      case 'S':
        return new Tagged(tag, readText(reader));
      case 'A':
        return this.readTaggedArray();
      case 'T':
        return new Timestamp(reader.readUint64());
      case 'F':
        return this.readTaggedTable();
      case 'V':
        return new Tagged(tag, null);
      case 'x':
        return new Tagged(tag, copyOf(reader.readLongString()));
      default:
        return new Tagged(tag, readNumber(reader, tag));
    }
  }

  private readName(): string {
    const { reader, names } = this;
    const size = reader.readUint8();
    const start = reader.skip(size);
    const end = start + size;
    return names === undefined ? decodeText(reader.bytes, start, end) : names.read(reader.bytes, start, end);
  }

  private readTaggedName(): string | Uint8Array {
    const { reader } = this;
    const size = reader.readUint8();
    const start = reader.skip(size);
    return decodeUtf8Strictly(reader.bytes, start, start + size) ?? copyOf(reader.bytes.subarray(start, start + size));
  }

  /** The server takes the 32 bits as they are; Java, pika and the errata (§3) read them as signed, and so do we. */
  private readDecimal(): Decimal {
    const scale = this.reader.readUint8();
    return new Decimal(this.reader.readInt32(), scale);
  }

  private nextTag(): FieldTag {
    if (!(this.fieldsLeft-- > 0)) exceeded('table has more fields than maxTableFields allows');
    return tagOf(this.reader.readUint8());
  }

  /** Starts a nested structure: the reader ends where it ends. @returns where the reader ended before. */
  private enter(): number {
    if (!(this.depthLeft-- > 0)) exceeded('tables are nested deeper than maxTableDepth allows');
    const { reader } = this;
    const size = reader.readUint32();
    const outerEnd = reader.end;
    if (size > reader.remaining) malformed(`table or array of ${size} octets where ${reader.remaining} are left`);
    reader.end = reader.position + size;
    return outerEnd;
  }

  private leave(outerEnd: number): void {
    this.reader.end = outerEnd;
    this.depthLeft++;
  }
}

/** Text when it is UTF-8, else a copy of the bytes. */
function readText(reader: ByteReader): string | Uint8Array {
  const size = reader.readUint32();
  const start = reader.skip(size);
  return decodeUtf8Strictly(reader.bytes, start, start + size) ?? copyOf(reader.bytes.subarray(start, start + size));
}

/** Not `slice()`, which returns a view when the bytes are a Node `Buffer`. */
function copyOf(view: Uint8Array): Uint8Array {
  return new Uint8Array(view);
}

function readNumber(reader: ByteReader, tag: 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'l' | 'f' | 'd'): number | bigint {
  switch (tag) {
    case 'b':
      return reader.readInt8();
    case 'B':
      return reader.readUint8();
    case 's':
      return reader.readInt16();
    case 'u':
      return reader.readUint16();
    case 'I':
      return reader.readInt32();
    case 'i':
      return reader.readUint32();
    case 'l':
      return reader.readInt64();
    case 'f':
      return reader.readFloat32();
    case 'd':
      return reader.readFloat64();
    default: {
      const unknown: never = tag;
      return malformed(`unknown tag ${unknown}`);
    }
  }
}

function tagOf(octet: number): FieldTag {
  switch (octet) {
    case 0x53:
      return 'S';
    case 0x49:
      return 'I';
    case 0x46:
      return 'F';
    case 0x41:
      return 'A';
    case 0x74:
      return 't';
    case 0x6c:
    case 0x4c: // 'L': newer servers read it as int64
      return 'l';
    case 0x54:
      return 'T';
    case 0x62:
      return 'b';
    case 0x42:
      return 'B';
    case 0x73:
    case 0x55: // 'U': int16 in the AMQP text
      return 's';
    case 0x75:
      return 'u';
    case 0x69:
      return 'i';
    case 0x66:
      return 'f';
    case 0x64:
      return 'd';
    case 0x44:
      return 'D';
    case 0x56:
      return 'V';
    case 0x78:
      return 'x';
    default:
      return malformed(`unknown type tag 0x${octet.toString(16).padStart(2, '0')} in a table`);
  }
}

function malformed(message: string): never {
  throw new AmqpSyntaxError(message, { blame: 'peer' });
}

function exceeded(message: string): never {
  throw new LimitExceeded(message, { blame: 'peer', scope: 'connection' });
}
