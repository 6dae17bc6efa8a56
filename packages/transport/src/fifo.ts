/** A queue whose work grows with what passes through it, however long it is. It must not know what it holds. */

/** Fewer values than this at the front are not worth moving the others for. */
const leastDropped = 1024;

/**
 * First in, first out. `Array.prototype.shift()` moves all that is left in a long array: emptying one by it costs the square
 * of its length.
 */
export class Fifo<T> {
  #values: (T | undefined)[] = [];
  #start = 0;

  get length(): number {
    return this.#values.length - this.#start;
  }

  /** The value at a place counted from the front; `undefined` after the end. */
  at(index: number): T | undefined {
    return this.#values[this.#start + index];
  }

  push(value: T): void {
    this.#values.push(value);
  }

  /** Takes the first value out; `undefined` when there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const value = this.#values[this.#start];
    this.#dropFirst(1);
    return value;
  }

  /** Puts one value in the place of the first `count`, of which there must be as many. */
  replaceFirst(count: number, value: T): void {
    this.#values[this.#start + count - 1] = value;
    if (count > 1) this.#dropFirst(count - 1);
  }

  clear(): void {
    this.#values = [];
    this.#start = 0;
  }

  #dropFirst(count: number): void {
    // Not kept until the queue is empty: it may never be.
    this.#values.fill(undefined, this.#start, this.#start + count);
    this.#start += count;
    if (this.length === 0) this.clear();
    else if (this.#start >= leastDropped && this.#start >= this.length) {
      this.#values = this.#values.slice(this.#start);
      this.#start = 0;
    }
  }
}
