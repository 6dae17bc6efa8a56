/** Messages in the order of their places, taken from the front. Must not know why one is taken or comes back. */
import type { QueuedMessage } from './queued-message.ts';

/** How many empty places the front may have before the array is cut. */
const slack = 1024;

/** Messages in the order of their places, taken from the front. */
export class MessageLine {
  private places: (QueuedMessage | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.places.length - this.head;
  }

  get first(): QueuedMessage | undefined {
    return this.places[this.head];
  }

  /** Puts one after all others; its place is later than theirs. */
  push(entry: QueuedMessage): void {
    this.places.push(entry);
  }

  takeFirst(): QueuedMessage | undefined {
    const entry = this.places[this.head];
    if (entry === undefined) return undefined;
    this.places[this.head++] = undefined;
    if (this.head > slack && this.head * 2 > this.places.length) {
      this.places = this.places.slice(this.head);
      this.head = 0;
    }
    return entry;
  }

  /** Puts messages back to their places. */
  putBack(entries: readonly QueuedMessage[]): void {
    const coming = entries.toSorted((a, b) => a.place - b.place);
    const last = coming.at(-1);
    if (last === undefined) return;
    const front: QueuedMessage[] = [];
    for (const entry of coming) {
      for (let next = this.first; next !== undefined && next.place < entry.place; next = this.first) {
        front.push(next);
        this.head++;
      }
      front.push(entry);
    }
    this.places = [...front, ...this.places.slice(this.head)];
    this.head = 0;
  }

  *[Symbol.iterator](): Generator<QueuedMessage, void> {
    for (let at = this.head; at < this.places.length; at++) {
      const entry = this.places[at];
      if (entry !== undefined) yield entry;
    }
  }

  clear(): void {
    this.places = [];
    this.head = 0;
  }
}
