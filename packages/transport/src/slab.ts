/**
 * Memory to read into: one large block, handed out front to back, so that successive reads lie side by side.
 * It never hands a byte out twice unless it was given back, and never writes. What was handed out belongs to the receiver.
 */
import { freshBytes } from './fresh-bytes.ts';
import type { Marker } from './untransferable.ts';

const smallestBytes = 16 * 1024;
const largestBytes = 128 * 1024;
/** A new block begins when less than one part in this many is free: little room makes for small system calls. */
const leastFreeShare = 8;
/** From so many bytes on the native `set` is faster than a loop. */
const nativeCopyFromBytes = 96;

/**
 * A bump allocator. Blocks start at 16 KiB, so that an idle connection holds little, and double up to 128 KiB while reads
 * fill them to the brim.
 */
export class Slab {
  readonly #mark: Marker;
  #block: Uint8Array;
  #usedBytes = 0;

  /** @param mark called with the buffer of each block, which is shared by all that is read into it. Default: no mark. */
  constructor(mark: Marker = () => undefined) {
    this.#mark = mark;
    this.#block = this.#newBlock(smallestBytes);
  }

  /**
   * The room for the next read. A second call without `take()` returns the same room.
   *
   * @returns a view of at least 2 KiB, to be written from its start.
   */
  room(): Uint8Array {
    this.#makeRoom();
    return new Uint8Array(this.#block.buffer, this.#usedBytes);
  }

  /**
   * Hands out what was read.
   *
   * @param readBytes how much of the `room()` was filled from its start.
   * @returns a view of it.
   */
  take(readBytes: number): Uint8Array {
    const bytes = new Uint8Array(this.#block.buffer, this.#usedBytes, readBytes);
    this.#usedBytes += readBytes;
    return bytes;
  }

  /**
   * Hands out a copy.
   *
   * @param source read up to `byteCount`, and not kept.
   * @param byteCount at most 2 KiB.
   */
  copy(source: Uint8Array, byteCount: number): Uint8Array {
    this.#makeRoom();
    const block = this.#block;
    const start = this.#usedBytes;
    // Inside both, as they are longer.
    if (byteCount < nativeCopyFromBytes)
      for (let at = 0; at < byteCount; at++) block[start + at] = source[at] as number;
    else block.set(source.subarray(0, byteCount), start);
    return this.take(byteCount);
  }

  /**
   * Takes back what was handed out last: the next read goes to the same place.
   *
   * @param bytes as `take()` returned them. What was handed out before them, or filled a block that can still grow, stays out.
   */
  giveBack(bytes: Uint8Array): void {
    const end = bytes.byteOffset + bytes.length;
    const hasFilledSmallBlock = end === this.#block.length && end < largestBytes;
    if (bytes.buffer !== this.#block.buffer || end !== this.#usedBytes || hasFilledSmallBlock) return;
    this.#usedBytes = bytes.byteOffset;
  }

  #makeRoom(): void {
    if (this.#block.length - this.#usedBytes < this.#block.length / leastFreeShare) this.#renew();
  }

  #renew(): void {
    const wasFilled = this.#usedBytes === this.#block.length;
    const size = wasFilled ? Math.min(this.#block.length * 2, largestBytes) : this.#block.length;
    this.#block = this.#newBlock(size);
    this.#usedBytes = 0;
  }

  #newBlock(byteCount: number): Uint8Array {
    // Zeroed memory: what was left in it before, a password perhaps, would show in the buffer of a message's body.
    const block = freshBytes(byteCount);
    this.#mark(block.buffer);
    return block;
  }
}
