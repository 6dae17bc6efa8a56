/** Received bytes, and the reads that wait for some of them. Used by the servers of the harnesses. */
import { concatenated } from './byte-patterns.ts';

export class ReceivedBytes {
  #chunks: Uint8Array[] = [];
  /** Those before it are taken. */
  #first = 0;
  #byteCount = 0;
  #failure: Error | undefined;
  readonly #waiters: { byteCount: number; resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void }[] = [];

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#byteCount += bytes.length;
    this.#serve();
  }

  /** No more bytes follow: rejects the reads that wait for more than there are. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#serve();
  }

  take(byteCount: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ byteCount, resolve, reject });
      this.#serve();
    });
  }

  #serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      if (this.#byteCount >= waiter.byteCount) waiter.resolve(this.#cut(waiter.byteCount));
      else if (this.#failure !== undefined) waiter.reject(this.#failure);
      else return;
      this.#waiters.shift();
    }
  }

  #cut(byteCount: number): Uint8Array {
    const taken: Uint8Array[] = [];
    let missing = byteCount;
    for (let chunk = this.#chunks[this.#first]; chunk !== undefined && missing > 0; chunk = this.#chunks[this.#first]) {
      const piece = chunk.subarray(0, missing);
      taken.push(piece);
      missing -= piece.length;
      if (piece.length === chunk.length) this.#first += 1;
      else this.#chunks[this.#first] = chunk.subarray(piece.length);
    }
    if (this.#first === this.#chunks.length) {
      this.#chunks = [];
      this.#first = 0;
    }
    this.#byteCount -= byteCount;
    return concatenated(taken);
  }
}

/** A promise with its resolve and reject functions. It raises no unhandled rejection. */
export class Signal<T = void> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}
