/** The deliveries that a worker holds, in their order: a linked list, because jobs leave in any order. Must not settle any. */
import type { Delivery } from './delivery.ts';

/** The deliveries that the worker holds. Each is there once at most. */
export class InHand implements Iterable<Delivery> {
  /** How many there are. */
  size = 0;
  private first: Delivery | undefined = undefined;
  private last: Delivery | undefined = undefined;

  /** For one that is not there. */
  add(delivery: Delivery): void {
    const { last } = this;
    delivery.before = last;
    if (last === undefined) this.first = delivery;
    else last.after = delivery;
    this.last = delivery;
    this.size++;
  }

  /** For one that is there. */
  remove(delivery: Delivery): void {
    const { before, after } = delivery;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    delivery.before = undefined;
    delivery.after = undefined;
    this.size--;
  }

  /** Those that are there as it begins; they may be removed meanwhile. */
  [Symbol.iterator](): IterableIterator<Delivery> {
    const all: Delivery[] = [];
    for (let each = this.first; each !== undefined; each = each.after) all.push(each);
    return all.values();
  }
}
