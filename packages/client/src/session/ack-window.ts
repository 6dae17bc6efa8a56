/**
 * Which deliveries of a channel are settled, and how the acks of one turn go out: a run without gaps as one `multiple`.
 * Must not write: its caller does.
 */
import type { DeliveryCounts } from './delivery-counts.ts';

const unsettled = 0;
const acked = 1;
const settled = 2;
/** Room of a window that has had a delivery: a power of two. Most channels never have one. */
const leastStates = 64;
const noStates = new Uint8Array(0);

/** Delivery tags of one channel: 1, 2, 3 … without gaps (RabbitMQ counts deliveries and gets together). */
export class AckWindow {
  /** The lowest tag that is not settled, or will be by the next flush. */
  private base = 1;
  /** The next tag the broker will use. */
  private next = 1;
  private states = noStates;
  /** Acks that wait for the flush. */
  private waiting = 0;
  private lowestWaiting = 0;
  private highestWaiting = 0;

  /** Deliveries that needed no settlement, and those that were rejected. */
  private withoutSettlement = 0;
  private rejections = 0;

  /** How many deliveries await their settlement, those included whose ack has not been written. */
  outstanding = 0;

  /** What became of the deliveries so far. An ack counts when it is given. */
  get counts(): DeliveryCounts {
    const received = this.next - 1;
    const acked = received - this.outstanding - this.withoutSettlement - this.rejections;
    return { received, acked, rejected: this.rejections, unsettled: this.outstanding };
  }

  /**
   * Notes a delivery that awaits its settlement.
   *
   * @returns `false` for a tag out of turn, which notes nothing: a lying tag must not cost memory.
   */
  delivered(tag: number): boolean {
    if (tag !== this.next) return false;
    if (tag - this.base >= this.states.length) this.grow();
    this.next = tag + 1;
    this.states[tag & (this.states.length - 1)] = unsettled;
    this.outstanding++;
    return true;
  }

  /** Whether the delivery with this tag was received and is not settled. */
  isUnsettled(tag: number): boolean {
    return tag >= this.base && tag < this.next && this.states[tag & (this.states.length - 1)] === unsettled;
  }

  /** Notes that the delivery awaits none: it came without acks. */
  needsNone(tag: number): void {
    this.outstanding--;
    this.withoutSettlement++;
    if (this.base === tag) this.base = tag + 1;
    else this.states[tag & (this.states.length - 1)] = settled;
  }

  /** Notes an ack that goes out with the next flush. */
  ack(tag: number): void {
    this.states[tag & (this.states.length - 1)] = acked;
    if (this.waiting === 0) {
      this.lowestWaiting = tag;
      this.highestWaiting = tag;
    } else if (tag > this.highestWaiting) {
      this.highestWaiting = tag;
    } else if (tag < this.lowestWaiting) {
      this.lowestWaiting = tag;
    }
    this.waiting++;
    this.outstanding--;
  }

  /** Notes that a delivery has been rejected on the wire. */
  reject(tag: number): void {
    this.states[tag & (this.states.length - 1)] = settled;
    this.outstanding--;
    this.rejections++;
    this.advance();
  }

  /** Hands out the waiting acks: at most one `multiple`, the rest after the first gap one by one. */
  flush(write: (tag: number, multiple: boolean) => void): void {
    if (this.waiting === 0) return;
    const { states } = this;
    const mask = states.length - 1;
    let last = 0;
    let count = 0;
    let tag = this.base;
    for (; tag < this.next; tag++) {
      const state = states[tag & mask];
      if (state === unsettled) break;
      if (state === acked) {
        last = tag;
        count++;
      }
    }
    this.base = tag;
    if (count > 0) write(last, count > 1);
    let left = this.waiting - count;
    for (tag = Math.max(this.base, this.lowestWaiting); left > 0 && tag <= this.highestWaiting; tag++) {
      if (states[tag & mask] !== acked) continue;
      states[tag & mask] = settled;
      write(tag, false);
      left--;
    }
    this.waiting = 0;
  }

  private advance(): void {
    const mask = this.states.length - 1;
    // Acks that wait must still be found by the flush.
    while (this.base < this.next && this.states[this.base & mask] === settled) this.base++;
  }

  private grow(): void {
    const grown = new Uint8Array(Math.max(leastStates, this.states.length * 2));
    for (let tag = this.base; tag < this.next; tag++) {
      grown[tag & (grown.length - 1)] = this.states[tag & (this.states.length - 1)] ?? unsettled;
    }
    this.states = grown;
  }
}
