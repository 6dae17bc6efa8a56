/**
 * A list that is taken from at its front, at the same cost however long it is: `Array.shift` moves all that is behind.
 * Must not know what waits in it.
 */

/** Its front is given up when so many places are empty, and half of them. */
const leastEmpty = 64;

/** First in, first out. */
export class Queue<Item> {
  private items: (Item | undefined)[] = [];
  private head = 0;

  /** How many are in it. */
  get length(): number {
    return this.items.length - this.head;
  }

  /** The one that is taken next. */
  get first(): Item | undefined {
    return this.items[this.head];
  }

  /** The one at a place, counted from the front. */
  at(index: number): Item | undefined {
    return this.items[this.head + index];
  }

  /** Adds one behind all others. */
  push(item: Item): void {
    this.items.push(item);
  }

  /** Takes the first. */
  shift(): Item | undefined {
    const { items, head } = this;
    if (head === items.length) return undefined;
    const item = items[head];
    // It is the taker's now: kept here it would live as long as the list.
    items[head] = undefined;
    this.head = head + 1;
    if (this.head === items.length) this.clear();
    else if (this.head >= leastEmpty && this.head * 2 >= items.length) {
      this.items = items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Puts others ahead of all, in their order. */
  unshift(others: readonly Item[]): void {
    const { head, items } = this;
    if (others.length > head) {
      this.items = [...others, ...items.slice(head)];
      this.head = 0;
      return;
    }
    this.head = head - others.length;
    for (const [index, other] of others.entries()) items[this.head + index] = other;
  }

  /** Takes one out from a place, counted from the front. */
  removeAt(index: number): Item | undefined {
    return index === 0 ? this.shift() : this.items.splice(this.head + index, 1)[0];
  }

  /** Keeps those that are meant. */
  filter(isMeant: (item: Item) => boolean): void {
    this.items = [...this].filter(isMeant);
    this.head = 0;
  }

  /** Takes all. */
  takeAll(): Item[] {
    const all = [...this];
    this.clear();
    return all;
  }

  *[Symbol.iterator](): Iterator<Item> {
    const { items } = this;
    // Those between head and end are items.
    for (let at = this.head; at < items.length; at++) yield items[at] as Item;
  }

  private clear(): void {
    this.items = [];
    this.head = 0;
  }
}
