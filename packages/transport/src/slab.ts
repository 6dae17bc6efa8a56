/**
 * Memory to read into: one large block, given out front to back, so that successive reads lie side by side.
 * It never gives a byte out twice and never writes; what was given out belongs to whoever got it.
 */

const smallestBytes = 16 * 1024;
const largestBytes = 128 * 1024;
/** A block is left when less than this share of it is free: small reads make small system calls. */
const leastFreeShare = 8;

/**
 * A bump allocator. Blocks start at 16 KiB, so that an idle connection holds little, and double up to 128 KiB while reads
 * fill them to the brim.
 */
export class Slab {
  // Zeroed: what others have left in memory, a password perhaps, would be seen by who looks at the socket or at a body's buffer.
  #block = new Uint8Array(smallestBytes);
  #usedBytes = 0;

  /**
   * The room for the next read. Asking again without `take()` gives the same room again.
   *
   * @returns a view of at least 2 KiB, to be written from its start.
   */
  room(): Uint8Array {
    if (this.#block.length - this.#usedBytes < this.#block.length / leastFreeShare) this.#renew();
    return new Uint8Array(this.#block.buffer, this.#usedBytes);
  }

  /**
   * Gives out what was read.
   *
   * @param readBytes how much of the `room()` was filled from its start.
   * @returns a view of it.
   */
  take(readBytes: number): Uint8Array {
    const bytes = new Uint8Array(this.#block.buffer, this.#usedBytes, readBytes);
    this.#usedBytes += readBytes;
    return bytes;
  }

  #renew(): void {
    const wasFilled = this.#usedBytes === this.#block.length;
    const size = wasFilled ? Math.min(this.#block.length * 2, largestBytes) : this.#block.length;
    this.#block = new Uint8Array(size);
    this.#usedBytes = 0;
  }
}
