/**
 * A list that is taken from at its front, at the same cost however long it is: `Array.shift` moves everything after it.
 * Must not know what waits in it.
 */

/** Its front is cut off when so many places are empty, and half of them. */
const leastEmpty = 64;
/** An empty queue keeps so many places: what comes and goes one by one needs no new list each time. */
const mostKept = 32;

/** Of all queues that have had nothing in them, or more than `mostKept`. Never written to. */
const noItems: never[] = [];

/** First in, first out. */
export class Queue<Item> {
  /** From `head` up to `tail`; every other place is `undefined`. */
  private items: (Item | undefined)[] = noItems;
  private head = 0;
  private tail = 0;

  /** How many are in it. */
  get length(): number {
    return this.tail - this.head;
  }

  /** The one that is taken next. */
  get first(): Item | undefined {
    return this.items[this.head];
  }

  /** Adds one after all others. */
  push(item: Item): void {
    // Not made empty and then filled: that takes sixteen places more.
    if (this.items === noItems) this.items = [item];
    else this.items[this.tail] = item;
    this.tail++;
  }

  /** Takes the first. */
  shift(): Item | undefined {
    const { items, head, tail } = this;
    if (head === tail) return undefined;
    const item = items[head];
    // It is the taker's now: kept here it would live as long as the list.
    items[head] = undefined;
    this.head = head + 1;
    if (this.head === tail) {
      if (items.length > mostKept) this.items = noItems;
      this.head = 0;
      this.tail = 0;
    } else if (this.head >= leastEmpty && this.head * 2 >= tail) {
      this.replace(items.slice(this.head, tail));
    }
    return item;
  }

  /** Puts others before all, in their order. */
  unshift(others: readonly Item[]): void {
    const { head, tail, items } = this;
    if (others.length > head) {
      this.replace([...others, ...items.slice(head, tail)]);
      return;
    }
    this.head = head - others.length;
    for (const [index, other] of others.entries()) items[this.head + index] = other;
  }

  /** Keeps those that are meant. */
  filter(isMeant: (item: Item) => boolean): void {
    this.replace([...this].filter(isMeant));
  }

  /** Takes all. */
  takeAll(): Item[] {
    const all = [...this];
    this.replace(noItems);
    return all;
  }

  *[Symbol.iterator](): Iterator<Item> {
    // As it is now: a push may take another list, a shift may move the rest.
    const { items, tail } = this;
    for (let at = this.head; at < tail; at++) yield items[at] as Item;
  }

  private replace(items: (Item | undefined)[]): void {
    this.items = items;
    this.head = 0;
    this.tail = items.length;
  }
}
