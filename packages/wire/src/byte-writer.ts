/**
 * Writes AMQP's elementary types into chunks of memory, and queues large foreign byte arrays between them.
 *
 * Must not: know what a frame is, touch a socket, or write a second time into bytes that were handed out.
 */

import { UsageError } from '@puka/errors';
import { isBytes, toBytes } from './any-realm.ts';
import { describe } from './field-place.ts';
import { defaultChunkBytes, defaultMaxTableDepth, maxShortStringBytes } from './limits.ts';
import { textLength, writeText } from './lossless-text.ts';
import { SpareChunks } from './spare-chunks.ts';
import { writeUtf8 } from './utf8.ts';

const twoTo32 = 0x1_0000_0000;
/** The chunk of a writer that has nothing to write. */
const noChunk = new Uint8Array(0);
/** Above this many bytes the native `set` is faster than a loop; see bench/codec.bench.ts. */
const nativeCopyFromBytes = 96;

/**
 * A growing sequence of bytes, written in place and taken in chunks.
 *
 * From the next `begin()` on, bytes are never moved or overwritten, so a view of them stays valid. The bytes between `unitStart` and `position` may still be moved by `reserve()`.
 */
export class ByteWriter {
  /** The chunk being written; an empty one before the first `reserve()`. For hot code that writes by itself after `reserve()`. */
  bytes: Uint8Array = noChunk;
  /** Index in `bytes` of the next octet to write. */
  position = 0;
  /** Index in `bytes` where the movable part of the current unit starts. */
  unitStart = 0;
  /** Running total of the bytes handed out by `take()`. */
  takenBytes = 0;
  /** Maximum nesting depth of tables and arrays for `writeFieldTable`, unless its options set another; 64 by default. */
  maxTableDepth: number = defaultMaxTableDepth;

  private readonly chunkBytes: number;
  private readonly spares: SpareChunks | undefined;
  /** Finished pieces that wait for `take()`, in order. */
  private queue: Uint8Array[] = [];
  private queuedBytes = 0;
  /** Index in `bytes` of the first octet that is in no finished piece. */
  private pieceStart = 0;
  /** `writtenBytes` at `begin()`: what `rollback()` goes back to. */
  private unitOffset = 0;

  /**
   * @param chunks size of a chunk in bytes, or where chunks come from and go to by `reuse()`. A unit longer than a chunk gets
   *   one of its own size.
   * @throws {UsageError} for a size that is not a whole number of bytes.
   */
  constructor(chunks: number | SpareChunks = defaultChunkBytes) {
    this.spares = chunks instanceof SpareChunks ? chunks : undefined;
    this.chunkBytes = chunks instanceof SpareChunks ? chunks.chunkBytes : chunks;
    // With NaN the writer would drop every byte.
    if (Number.isSafeInteger(this.chunkBytes) && this.chunkBytes >= 0) return;
    throw new UsageError(`chunk of a ByteWriter is ${describe(chunks)}; it takes bytes, 0 or more`);
  }

  /** Bytes written or appended and not yet taken. */
  get pendingBytes(): number {
    return this.queuedBytes + this.position - this.pieceStart;
  }

  /** Running total of the bytes written or appended: `takenBytes + pendingBytes`. */
  get writtenBytes(): number {
    return this.takenBytes + this.queuedBytes + this.position - this.pieceStart;
  }

  /** Starts an atomic unit (a frame, or a whole publish): `rollback()` returns here, and everything before is final. */
  begin(): void {
    this.unitStart = this.position;
    this.unitOffset = this.writtenBytes;
  }

  /** Removes what was written and appended since `begin()`. */
  rollback(): void {
    this.rollbackTo(this.unitOffset);
  }

  /**
   * Removes what was written and appended since `writtenBytes` had the given value.
   *
   * @param offset an earlier value of `writtenBytes`; what was taken since then is not removed.
   */
  rollbackTo(offset: number): void {
    let excess = this.writtenBytes - Math.max(offset, this.takenBytes);
    const here = Math.min(excess, this.position - this.pieceStart);
    this.position -= here;
    excess -= here;
    while (excess > 0) {
      const last = this.queue.pop();
      if (last === undefined) break;
      const kept = Math.max(0, last.length - excess);
      if (kept > 0) this.queue.push(last.subarray(0, kept));
      this.queuedBytes -= last.length - kept;
      excess -= last.length - kept;
    }
    this.unitStart = Math.min(this.unitStart, this.position);
  }

  /**
   * Makes the written part of the unit final without ending the unit: it is not moved any more, and `rollback()` still forgets it.
   * For units of many frames, which would be copied from chunk to chunk as a whole otherwise.
   */
  pin(): void {
    this.unitStart = this.position;
  }

  /**
   * Makes `bytes[position .. position + size)` writable.
   * It may move the octets from `unitStart` on to a new chunk: keep indices relative to `unitStart` across this call.
   */
  reserve(size: number): void {
    if (this.position + size > this.bytes.length) this.nextChunk(size);
  }

  /**
   * Queues the caller's bytes by reference, after everything written before.
   *
   * @param view lent to the writer until the bytes have been sent: the caller must not change them.
   */
  append(view: Uint8Array): void {
    if (view.length === 0) return;
    this.finishPiece(this.position);
    // Sockets of some runtimes take arrays of their own realm only.
    this.queue.push(toBytes(view) ?? view);
    this.queuedBytes += view.length;
    this.unitStart = this.position;
  }

  /**
   * Takes everything written and appended since the last call, in order, in as few chunks as possible; `[]` when there is nothing.
   * Later writes go after it, into the rest of the same chunk.
   *
   * @returns views that the writer does not touch again until `reuse()`; they hold their chunk of memory.
   */
  take(): Uint8Array[] {
    this.finishPiece(this.position);
    const taken = this.queue;
    if (taken.length === 0) return [];
    this.takenBytes += this.queuedBytes;
    this.queue = [];
    this.queuedBytes = 0;
    this.unitStart = this.position;
    this.unitOffset = this.takenBytes;
    return taken;
  }

  /**
   * Declares that what was taken is no longer read: with nothing pending, writes start again at the beginning of the chunk,
   * and a writer with `SpareChunks` returns the chunk to them. Views that `take()` has returned change from now on.
   */
  reuse(): void {
    if (this.position !== this.pieceStart || this.queue.length > 0) return;
    if (this.spares !== undefined) {
      this.spares.give(this.bytes);
      this.bytes = noChunk;
    }
    this.position = 0;
    this.unitStart = 0;
    this.pieceStart = 0;
  }

  /** Writes an octet, 0 to 255. @throws {UsageError} for any other value; `field` names it in the message. */
  writeUint8(value: number, field?: string): void {
    if (typeof value !== 'number' || (value & 0xff) !== value) refuseInteger(value, field, '0 to 255');
    this.reserve(1);
    this.bytes[this.position++] = value;
  }

  /** Writes an integer from 0 to 65 535, big-endian. @throws {UsageError} for any other value. */
  writeUint16(value: number, field?: string): void {
    if (typeof value !== 'number' || (value & 0xffff) !== value) refuseInteger(value, field, '0 to 65535');
    this.reserve(2);
    const { bytes, position } = this;
    bytes[position] = value >>> 8;
    bytes[position + 1] = value;
    this.position = position + 2;
  }

  /** Writes an integer from 0 to 4 294 967 295, big-endian. @throws {UsageError} for any other value. */
  writeUint32(value: number, field?: string): void {
    if (typeof value !== 'number' || value >>> 0 !== value) refuseInteger(value, field, '0 to 4294967295');
    this.reserve(4);
    this.put32(value);
  }

  /** Writes an integer from 0 to 2^64 - 1, big-endian. @throws {UsageError} for any other value, and for a number that is not a safe integer. */
  writeUint64(value: number | bigint, field?: string): void {
    this.reserve(8);
    if (typeof value === 'bigint') {
      if (BigInt.asUintN(64, value) !== value) refuseInteger(value, field, '0 to 2^64 - 1');
      this.put64(value);
      return;
    }
    if (!Number.isSafeInteger(value) || value < 0)
      refuseInteger(value, field, '0 to 2^53 - 1, or a bigint to 2^64 - 1');
    this.put32(Math.floor(value / twoTo32));
    this.put32(value);
  }

  /** Writes an integer from -128 to 127. @throws {UsageError} for any other value. */
  writeInt8(value: number, field?: string): void {
    if (typeof value !== 'number' || (value << 24) >> 24 !== value) refuseInteger(value, field, '-128 to 127');
    this.writeUint8(value & 0xff);
  }

  /** Writes an integer from -32 768 to 32 767, big-endian. @throws {UsageError} for any other value. */
  writeInt16(value: number, field?: string): void {
    if (typeof value !== 'number' || (value << 16) >> 16 !== value) refuseInteger(value, field, '-32768 to 32767');
    this.writeUint16(value & 0xffff);
  }

  /** Writes an integer from -2^31 to 2^31 - 1, big-endian. @throws {UsageError} for any other value. */
  writeInt32(value: number, field?: string): void {
    if (typeof value !== 'number' || (value | 0) !== value) refuseInteger(value, field, '-2147483648 to 2147483647');
    this.reserve(4);
    this.put32(value);
  }

  /** Writes an integer from -2^63 to 2^63 - 1, big-endian. @throws {UsageError} for any other value, and for a number that is not a safe integer. */
  writeInt64(value: number | bigint, field?: string): void {
    this.reserve(8);
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(64, value) !== value) refuseInteger(value, field, '-2^63 to 2^63 - 1');
      this.put64(value);
      return;
    }
    if (!Number.isSafeInteger(value)) refuseInteger(value, field, 'safe integers, or a bigint from -2^63 to 2^63 - 1');
    this.put32(Math.floor(value / twoTo32));
    this.put32(value);
  }

  /** Writes a number rounded to IEEE 754 single precision. NaN and infinities are written as they are. */
  writeFloat32(value: number): void {
    this.reserve(4);
    new DataView(this.bytes.buffer, this.bytes.byteOffset + this.position, 4).setFloat32(0, value);
    this.position += 4;
  }

  /** Writes a number in IEEE 754 double precision. NaN and infinities are written as they are. */
  writeFloat64(value: number): void {
    this.reserve(8);
    new DataView(this.bytes.buffer, this.bytes.byteOffset + this.position, 8).setFloat64(0, value);
    this.position += 8;
  }

  /**
   * Writes a short string: one octet of length and at most 255 bytes. AMQP 0-9-1 §4.2.5.3.
   *
   * @param text a string, written as UTF-8; octets that are not valid UTF-8 as `decodeText` returns them. Or the bytes
   * themselves, which are copied.
   * @throws {UsageError} when it is neither, is longer than 255 bytes, or has a lone surrogate that represents no octet;
   * nothing is written then.
   */
  writeShortString(text: string | Uint8Array, field?: string): void {
    if (typeof text !== 'string') {
      this.writeShortBytes(text, field);
      return;
    }
    const { length } = text;
    if (length > maxShortStringBytes) refuseLength(textLength(text), field);
    this.reserve(1 + length);
    const { bytes } = this;
    const start = this.position + 1;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) {
        this.writeWideShortString(text, field);
        return;
      }
      bytes[start + index] = code;
    }
    bytes[start - 1] = length;
    this.position = start + length;
  }

  /**
   * Writes a long string: four octets of length and the bytes of a `Uint8Array`, or a string as `encodeText` encodes it.
   * AMQP 0-9-1 §4.2.5.3.
   *
   * @param value bytes are copied.
   * @throws {UsageError} when it is neither, or a string with a lone surrogate that does not encode an octet; nothing is written then.
   */
  writeLongString(value: string | Uint8Array, field?: string): void {
    if (typeof value !== 'string') {
      if (!isBytes(value)) refuseType(value, field, 'a string or a Uint8Array');
      this.reserve(4 + value.length);
      this.put32(value.length);
      this.putBytes(value);
      return;
    }
    const size = textLength(value);
    if (size < 0) refuseSurrogate(field);
    this.reserve(4 + size);
    this.put32(size);
    writeText(value, size, this.bytes, this.position);
    this.position += size;
  }

  /** Copies bytes as they are, with no length before them. */
  writeBytes(view: Uint8Array): void {
    this.reserve(view.length);
    this.putBytes(view);
  }

  /**
   * Writes a string as UTF-8, with no length before it.
   *
   * @param size its length in bytes, as `utf8Length` counts it.
   */
  writeUtf8(text: string, size: number): void {
    this.reserve(size);
    writeUtf8(text, size, this.bytes, this.position);
    this.position += size;
  }

  private writeWideShortString(text: string, field: string | undefined): void {
    const size = textLength(text);
    if (size < 0) refuseSurrogate(field);
    if (size > maxShortStringBytes) refuseLength(size, field);
    this.reserve(1 + size);
    this.bytes[this.position] = size;
    writeText(text, size, this.bytes, this.position + 1);
    this.position += 1 + size;
  }

  private writeShortBytes(value: unknown, field: string | undefined): void {
    if (!isBytes(value)) refuseType(value, field, 'a string or a Uint8Array');
    if (value.length > maxShortStringBytes) refuseLength(value.length, field);
    this.reserve(1 + value.length);
    this.bytes[this.position++] = value.length;
    this.putBytes(value);
  }

  /** Writes the lower 32 bits of an integer; the room is reserved. */
  private put32(value: number): void {
    const { bytes, position } = this;
    bytes[position] = value >>> 24;
    bytes[position + 1] = value >>> 16;
    bytes[position + 2] = value >>> 8;
    bytes[position + 3] = value;
    this.position = position + 4;
  }

  private put64(value: bigint): void {
    this.put32(Number(BigInt.asIntN(32, value >> 32n)));
    this.put32(Number(BigInt.asIntN(32, value)));
  }

  private putBytes(view: Uint8Array): void {
    const { bytes, position } = this;
    const { length } = view;
    if (length < nativeCopyFromBytes) {
      for (let index = 0; index < length; index++) bytes[position + index] = view[index] ?? 0;
    } else {
      bytes.set(view, position);
    }
    this.position = position + length;
  }

  /** Closes the piece of the current chunk that ends at `end` and queues it. */
  private finishPiece(end: number): void {
    if (end === this.pieceStart) return;
    this.queue.push(this.bytes.subarray(this.pieceStart, end));
    this.queuedBytes += end - this.pieceStart;
    this.pieceStart = end;
  }

  /** Leaves the full chunk after and takes the movable part of the unit along to a new one with room for `size` more. */
  private nextChunk(size: number): void {
    const { bytes, position, unitStart } = this;
    const moved = position - unitStart;
    const needed = moved + size;
    this.finishPiece(unitStart);
    // A unit that outgrows a chunk doubles, so that a long one is not copied once for each field.
    if (needed > this.chunkBytes) this.bytes = new Uint8Array(needed + moved);
    else this.bytes = this.spares?.take() ?? new Uint8Array(this.chunkBytes);
    if (moved > 0) this.bytes.set(bytes.subarray(unitStart, position));
    this.position = moved;
    this.unitStart = 0;
    this.pieceStart = 0;
  }
}

function refuseInteger(value: number | bigint, field: string | undefined, range: string): never {
  const met = typeof value === 'number' || typeof value === 'bigint' ? String(value) : `a ${typeof value}`;
  throw new UsageError(`${field ?? 'integer'} is ${met}; it takes integers from ${range}`);
}

function refuseType(value: unknown, field: string | undefined, wanted: string): never {
  throw new UsageError(
    `${field ?? 'value'} is ${value === null ? 'null' : `of type ${typeof value}`}; it must be ${wanted}`,
  );
}

function refuseLength(size: number, field: string | undefined): never {
  if (size < 0) refuseSurrogate(field);
  throw new UsageError(`${field ?? 'short string'} has ${size} bytes; the limit is ${maxShortStringBytes}`);
}

function refuseSurrogate(field: string | undefined): never {
  throw new UsageError(`${field ?? 'string'} has a lone surrogate, which UTF-8 cannot express`);
}
