/**
 * Chunks of memory that no writer uses just now. Writers that share them need one each only while they write.
 * Must not: know what was written into a chunk, or clear it.
 */

/** More are not kept: 32 chunks of 128 KiB are 4 MiB. */
const mostKept = 32;

/** Chunks of one size, lent to one writer at a time. What one writer left in a chunk is overwritten by the next. */
export class SpareChunks {
  /** The size of each, in bytes. */
  readonly chunkBytes: number;
  // A # field, so that an inspection of a writer does not print megabytes that other writers left.
  readonly #chunks: Uint8Array[] = [];

  /** @param chunkBytes the size of each, in bytes. */
  constructor(chunkBytes: number) {
    this.chunkBytes = chunkBytes;
  }

  /** @returns the one that was given last, which is still in the processor's cache, or a new one. */
  take(): Uint8Array {
    return this.#chunks.pop() ?? new Uint8Array(this.chunkBytes);
  }

  /** Takes a chunk back that is no longer read. One of another size is dropped. */
  give(chunk: Uint8Array): void {
    if (chunk.length === this.chunkBytes && this.#chunks.length < mostKept) this.#chunks.push(chunk);
  }
}
