/**
 * A receiver of messages of a quorum queue: a consumer, or a `basic.get` whose message is not yet acked. Must not choose
 * which of them gets a message.
 */
import type { QueuedMessage } from '../queued-message.ts';
import type { Consumer } from './consumer-line.ts';
import type { ConsumerChannel } from './queue.ts';

/** RabbitMQ: how many messages a consumer without a prefetch count may have unacked. */
const defaultCredit = 2000;

/** What is asked for. */
export interface QuorumConsumerRequest {
  readonly channel: ConsumerChannel;
  /** `undefined` for `basic.get`. */
  readonly consumerTag: string | undefined;
  readonly ackRequired: boolean;
  readonly exclusive: boolean;
  readonly prefetchCount: number;
  readonly priority: number;
}

/** A receiver of messages of a quorum queue: a consumer, or a `basic.get` whose message is not yet acked. */
export class QuorumConsumer implements Consumer {
  readonly channel: ConsumerChannel;
  readonly isGet: boolean;
  readonly consumerTag: string;
  ackRequired: boolean;
  exclusive: boolean;
  prefetchCount: number;
  priority: number;
  /** How many more it may get. */
  credit: number;
  isCancelled = false;
  /** What it has not acked, by a number that counts up. */
  readonly checkedOut: Map<number, QueuedMessage> = new Map();
  /** The number of the last message that its channel knows of. */
  lastKnown = -1;
  private nextNumber = 0;

  constructor(request: QuorumConsumerRequest) {
    this.channel = request.channel;
    this.isGet = request.consumerTag === undefined;
    this.consumerTag = request.consumerTag ?? '';
    this.ackRequired = request.ackRequired;
    this.exclusive = request.exclusive;
    this.prefetchCount = request.prefetchCount;
    this.priority = request.priority;
    this.credit = this.isGet ? 1 : request.prefetchCount || defaultCredit;
  }

  /** Whether it gets something if there is something. */
  get isReady(): boolean {
    return this.credit > 0 && !this.isCancelled;
  }

  /** The consumer is asked for again while it still holds messages of its former life. */
  renew(request: QuorumConsumerRequest, isRevived: boolean): void {
    this.ackRequired = request.ackRequired;
    this.exclusive = request.exclusive;
    this.prefetchCount = request.prefetchCount;
    this.priority = request.priority;
    this.lastKnown = -1;
    if (!isRevived) return;
    this.isCancelled = false;
    this.credit = Math.max(0, (request.prefetchCount || defaultCredit) - this.checkedOut.size);
  }

  cancel(): void {
    this.isCancelled = true;
    this.credit = 0;
  }

  /** Takes a message. @returns its number. */
  checkOut(entry: QueuedMessage): number {
    const number = this.nextNumber++;
    this.checkedOut.set(number, entry);
    this.credit--;
    return number;
  }

  /** Makes room for more; a get, and what has been cancelled, gets no more. */
  addCredit(count: number): void {
    if (!this.isGet && !this.isCancelled) this.credit += count;
  }

  /** The numbers of messages it holds, in their order. */
  numbersOf(entries: readonly QueuedMessage[]): number[] {
    return [...this.checkedOut].filter(([, entry]) => entries.includes(entry)).map(([number]) => number);
  }

  /** The messages up to a number that its channel does not know of yet, in their order. */
  unknownUpTo(number: number): QueuedMessage[] {
    const entries = [...this.checkedOut].filter(([at]) => at > this.lastKnown && at <= number);
    this.lastKnown = number;
    return entries.map(([, entry]) => entry);
  }
}
