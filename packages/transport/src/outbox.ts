/**
 * What was written and has not been sent, for adapters whose runtime keeps no such queue.
 * It must not touch a socket: it returns what to send next and is called with how much was sent.
 */
import { Fifo } from './fifo.ts';

/** Chunks below this are copied together, up to `joinedBytes` at a time: one system call for a frame of many parts. */
const smallBytes = 16 * 1024;
const joinedBytes = 64 * 1024;

/** What a socket buffers before `write()` returns `false`. */
export const highWaterMarkBytes: number = 64 * 1024;

/** Lent chunks, in order. */
export class Outbox {
  readonly #chunks = new Fifo<Uint8Array>();
  #bytes = 0;
  #hasGap = false;

  /** Bytes not reported as sent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether bytes are missing because their buffer was transferred or resized. Nothing may be sent after them. */
  get hasGap(): boolean {
    return this.#hasGap;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * The bytes to send next; `undefined` if there are none, or if there is a gap. A second call before `sent()` returns the
   * same bytes first.
   */
  next(): Uint8Array | undefined {
    const head = this.#chunks.at(0);
    // Empty chunks are never added, so this one has lost its bytes.
    if (head?.length === 0) this.#hasGap = true;
    if (this.#hasGap || head === undefined || head.length >= smallBytes) return this.#hasGap ? undefined : head;
    const { count, byteCount } = this.#smallOnes();
    if (count === 1) return head;
    const joined = new Uint8Array(byteCount);
    let position = 0;
    for (let i = 0; i < count; i++) {
      const chunk = this.#chunks.at(i) ?? new Uint8Array();
      joined.set(chunk, position);
      position += chunk.length;
    }
    this.#chunks.replaceFirst(count, joined);
    return joined;
  }

  /** To be called when `byteCount` bytes of those that `next()` returned were sent. */
  sent(byteCount: number): void {
    const head = this.#chunks.at(0);
    // It was cleared meanwhile.
    if (head === undefined) return;
    this.#bytes -= byteCount;
    if (byteCount < head.length) this.#chunks.replaceFirst(1, head.subarray(byteCount));
    else this.#chunks.shift();
  }

  /** Forgets all of it. */
  clear(): void {
    this.#chunks.clear();
    this.#bytes = 0;
  }

  /** The small chunks in front that fit into one joined chunk, up to a gap. */
  #smallOnes(): { readonly count: number; readonly byteCount: number } {
    let count = 0;
    let byteCount = 0;
    for (
      let chunk = this.#chunks.at(0);
      chunk !== undefined && chunk.length > 0 && chunk.length < smallBytes;
      chunk = this.#chunks.at(count)
    ) {
      if (byteCount + chunk.length > joinedBytes) break;
      byteCount += chunk.length;
      count += 1;
    }
    return { count, byteCount };
  }
}
