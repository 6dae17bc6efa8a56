/**
 * What was written and has not gone out, for adapters whose runtime keeps no such queue.
 * It must not touch a socket: it says what to send next and is told how much has gone.
 */

/** Chunks below this are copied together, up to `joinedBytes` at a time: one system call for a frame of many parts. */
const smallBytes = 16 * 1024;
const joinedBytes = 64 * 1024;

/** What a socket buffers before `write()` says so. */
export const highWaterMarkBytes: number = 64 * 1024;

/** Lent chunks, in order. */
export class Outbox {
  #chunks: Uint8Array[] = [];
  #first = 0;
  #bytes = 0;

  /** Bytes not reported as gone. */
  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The bytes to send next; `undefined` when there are none. Asked again before `sent()`, it gives no other bytes in front. */
  next(): Uint8Array | undefined {
    const head = this.#chunks[this.#first];
    if (head === undefined || head.length >= smallBytes) return head;
    let end = this.#first;
    let length = 0;
    for (let chunk = this.#chunks[end]; chunk !== undefined && chunk.length < smallBytes; chunk = this.#chunks[end]) {
      if (length + chunk.length > joinedBytes) break;
      length += chunk.length;
      end += 1;
    }
    if (end === this.#first + 1) return head;
    const joined = new Uint8Array(length);
    let position = 0;
    for (let i = this.#first; i < end; i++) {
      const chunk = this.#chunks[i] ?? new Uint8Array();
      joined.set(chunk, position);
      position += chunk.length;
    }
    this.#chunks = [joined, ...this.#chunks.slice(end)];
    this.#first = 0;
    return joined;
  }

  /** So many bytes of what `next()` gave have gone. */
  sent(byteCount: number): void {
    const head = this.#chunks[this.#first];
    // Forgotten while it was on its way.
    if (head === undefined) return;
    this.#bytes -= byteCount;
    if (byteCount < head.length) {
      this.#chunks[this.#first] = head.subarray(byteCount);
      return;
    }
    this.#first += 1;
    if (this.#first === this.#chunks.length) this.clear();
  }

  /** Forgets all of it. */
  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}
