/**
 * What a classic queue remembers of one channel: what it has not acked, its consumers that wait, and the credit of each.
 * Must not deliver. RabbitMQ: the credit of a consumer is its prefetch count less what it has not acked.
 */
import type { QueuedMessage } from '../queued-message.ts';
import { type Consumer, ConsumerLine } from './consumer-line.ts';
import type { ConsumerChannel } from './queue.ts';

/**
 * What a classic queue remembers of one channel: what it has not acked, its consumers that wait, and the credit of each.
 */
export class ChannelRecord {
  readonly channel: ConsumerChannel;
  /** Each unacked message, in the order of delivery, with the consumer that has it; none for `basic.get`. */
  readonly unacked: Map<QueuedMessage, string | undefined> = new Map();
  /** Consumers that cannot take more. */
  readonly blocked: ConsumerLine = new ConsumerLine();
  consumerCount = 0;
  private readonly credits = new Map<string, number>();
  /** Whether the channel's global limit counts here, and whether it has been reached. */
  private limitState: 'none' | 'open' | 'reached' = 'none';
  private readonly waiting: { readonly resume: () => void };

  /** @param onResume the global limit has room again. */
  constructor(channel: ConsumerChannel, onResume: () => void) {
    this.channel = channel;
    this.waiting = {
      resume: () => {
        if (this.limitState === 'reached') this.limitState = 'open';
        onResume();
      },
    };
  }

  /** Nothing is left to remember. */
  get isEmpty(): boolean {
    return this.consumerCount === 0 && this.unacked.size === 0;
  }

  /** None of its consumers can take anything. */
  get isBlocked(): boolean {
    return this.limitState === 'reached' || this.channel.isCongested;
  }

  added({ consumerTag, ackRequired, prefetchCount }: Consumer): void {
    this.consumerCount++;
    if (this.channel.limit.isActive) this.setLimited(true);
    if (ackRequired && prefetchCount > 0) this.credits.set(consumerTag, prefetchCount);
  }

  removed(consumerTag: string): void {
    this.consumerCount--;
    this.credits.delete(consumerTag);
    this.blocked.remove((consumer) => consumer.consumerTag === consumerTag);
    if (this.consumerCount === 0) this.setLimited(false);
  }

  setLimited(isLimited: boolean): void {
    if (isLimited && this.limitState === 'none') this.limitState = 'open';
    if (isLimited) return;
    this.limitState = 'none';
    this.channel.limit.forget(this.waiting);
  }

  /** Whether a consumer may get one more; it is counted then. */
  takeCredit({ consumerTag, ackRequired }: Consumer): boolean {
    const credit = this.credits.get(consumerTag);
    if (credit === 0) return false;
    if (this.limitState === 'open' && !this.channel.limit.take(ackRequired, this.waiting)) {
      this.limitState = 'reached';
      return false;
    }
    if (credit !== undefined) this.credits.set(consumerTag, credit - 1);
    return true;
  }

  /** Forgets messages that have been settled. @returns whether a consumer may take more that could not before. */
  settled(entries: readonly QueuedMessage[]): boolean {
    let isUnblocked = false;
    for (const entry of entries) {
      const tag = this.unacked.get(entry);
      if (!this.unacked.delete(entry) || tag === undefined) continue;
      const credit = this.credits.get(tag);
      if (credit === undefined) continue;
      this.credits.set(tag, credit + 1);
      isUnblocked ||= credit === 0;
    }
    return isUnblocked;
  }

  /** Takes those out of the blocked consumers that have credit. */
  unblock(): readonly Consumer[] {
    const free = this.blocked.all.filter(({ consumerTag }) => this.credits.get(consumerTag) !== 0);
    this.blocked.remove((consumer) => free.includes(consumer));
    return free;
  }

  /** The channel is gone. */
  close(): void {
    this.channel.limit.forget(this.waiting);
  }
}
