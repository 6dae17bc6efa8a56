/**
 * The messages of a quorum queue that wait: those that came back are taken first, in the order in which they came back.
 * Must not know consumers. RabbitMQ: docs/quorum-queues, docs/maxlength.
 */
import { MessageLine } from '../message-line.ts';
import type { QueuedMessage } from '../queued-message.ts';
import type { QueueLimits } from './queue-limits.ts';

/**
 * The messages of a quorum queue that wait: those that came back are taken first, in the order in which they came back.
 */
export class QuorumMessages {
  private readonly fresh = new MessageLine();
  private readonly returned = new MessageLine();
  private readonly limits: QueueLimits;
  private bytes = 0;

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  get length(): number {
    return this.fresh.length + this.returned.length;
  }

  get first(): QueuedMessage | undefined {
    return this.returned.first ?? this.fresh.first;
  }

  get isOverLimit(): boolean {
    return this.length > this.limits.maxLength || this.bytes > this.limits.maxLengthBytes;
  }

  /** RabbitMQ: publishers are let in again below four fifths of the limit. */
  get isBelowSoftLimit(): boolean {
    const { maxLength, maxLengthBytes } = this.limits;
    return this.length <= Math.trunc(maxLength * 0.8) && this.bytes <= Math.trunc(maxLengthBytes * 0.8);
  }

  /** Puts one after all others. */
  push(entry: QueuedMessage): void {
    this.fresh.push(entry);
    this.bytes += entry.message.body.length;
  }

  /** Puts one after those that have come back, before all others. */
  pushReturned(entry: QueuedMessage): void {
    this.returned.push(entry);
    this.bytes += entry.message.body.length;
  }

  takeFirst(): QueuedMessage | undefined {
    const entry = this.returned.takeFirst() ?? this.fresh.takeFirst();
    if (entry !== undefined) this.bytes -= entry.message.body.length;
    return entry;
  }

  /** Drops all. @returns how many there were. */
  clear(): number {
    const { length } = this;
    this.fresh.clear();
    this.returned.clear();
    this.bytes = 0;
    return length;
  }

  *[Symbol.iterator](): Generator<QueuedMessage, void> {
    yield* this.returned;
    yield* this.fresh;
  }
}
