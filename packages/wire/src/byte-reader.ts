/**
 * Reads AMQP's elementary types from a stretch of bytes, never past its end.
 *
 * Must not: know methods, properties or tables, or throw anything but `AmqpSyntaxError`.
 */

import { AmqpSyntaxError } from '@puka/errors';
import { decodeText } from './lossless-text.ts';

const twoTo32 = 0x1_0000_0000;
/** High words of safe integers are below this. */
const safeHighWord = 0x20_0000;

/** A cursor over `bytes[start .. end)`. Views it returns share the memory of `bytes`. */
export class ByteReader {
  /** What it reads; lent by the caller. */
  readonly bytes: Uint8Array;
  /** Index in `bytes` of the next octet to read. */
  position: number;
  /** Index in `bytes` after the last octet that may be read. Set by the reader of a nested structure of known length. */
  end: number;

  /**
   * @param bytes read, never changed and not copied.
   * @param start first index, 0 unless given.
   * @param end index after the last octet, the length unless given.
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = Math.min(end, bytes.length);
  }

  /** Octets left to read. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** Moves past `size` octets and returns where they started. @throws {AmqpSyntaxError} when fewer are left. */
  skip(size: number): number {
    const start = this.position;
    const next = start + size;
    if (next > this.end) this.refuse(size);
    this.position = next;
    return start;
  }

  /** Reads an octet. @throws {AmqpSyntaxError} when none is left; so do all that follow. */
  readUint8(): number {
    return this.bytes[this.skip(1)] ?? 0;
  }

  /** Reads a big-endian integer of two octets. */
  readUint16(): number {
    const at = this.skip(2);
    return ((this.bytes[at] ?? 0) << 8) | (this.bytes[at + 1] ?? 0);
  }

  /** Reads a big-endian integer of four octets. */
  readUint32(): number {
    return this.readInt32() >>> 0;
  }

  /** Reads a big-endian integer of eight octets: a number when it is safe, else a bigint. */
  readUint64(): number | bigint {
    const at = this.skip(8);
    const high = this.int32At(at) >>> 0;
    const low = this.int32At(at + 4) >>> 0;
    if (high < safeHighWord) return high * twoTo32 + low;
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** Reads a signed octet. */
  readInt8(): number {
    return (this.readUint8() << 24) >> 24;
  }

  /** Reads a signed big-endian integer of two octets. */
  readInt16(): number {
    return (this.readUint16() << 16) >> 16;
  }

  /** Reads a signed big-endian integer of four octets. */
  readInt32(): number {
    return this.int32At(this.skip(4));
  }

  /** Reads a signed big-endian integer of eight octets: a number when it is safe, else a bigint. */
  readInt64(): number | bigint {
    const at = this.skip(8);
    const high = this.int32At(at);
    const low = this.int32At(at + 4) >>> 0;
    const value = high * twoTo32 + low;
    if (Number.isSafeInteger(value)) return value;
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** Reads an IEEE 754 number of single precision; NaN and infinities too. */
  readFloat32(): number {
    const at = this.skip(4);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 4).getFloat32(0);
  }

  /** Reads an IEEE 754 number of double precision; NaN and infinities too. */
  readFloat64(): number {
    const at = this.skip(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0);
  }

  /** Reads a short string. Octets that are not valid UTF-8 are kept, as `decodeText` describes. */
  readShortString(): string {
    const size = this.readUint8();
    const start = this.skip(size);
    return decodeText(this.bytes, start, start + size);
  }

  /** Reads a long string. @returns a view, not a copy. */
  readLongString(): Uint8Array {
    return this.readBytes(this.readUint32());
  }

  /** Reads `size` octets as they are. @returns a view, not a copy. */
  readBytes(size: number): Uint8Array {
    const start = this.skip(size);
    return this.bytes.subarray(start, start + size);
  }

  private int32At(at: number): number {
    const { bytes } = this;
    return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  }

  private refuse(size: number): never {
    throw new AmqpSyntaxError(`data ends too early: ${size} octets needed, ${this.remaining} left`, { blame: 'peer' });
  }
}
