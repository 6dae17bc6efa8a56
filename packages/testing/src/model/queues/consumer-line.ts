/** Consumers in the order in which they are served: by priority, and in turn within one. Must not deliver. */
import type { Arguments } from '../arguments.ts';
import type { ConsumerChannel, ConsumerView } from './queue.ts';

/** One subscription to one queue. */
export interface Consumer {
  readonly channel: ConsumerChannel;
  readonly consumerTag: string;
  readonly ackRequired: boolean;
  readonly exclusive: boolean;
  readonly prefetchCount: number;
  readonly priority: number;
}

/** RabbitMQ: `x-priority` of a consumer, 0 by default. */
export function priorityOf(args: Arguments): number {
  return args.number('x-priority') ?? 0;
}

/** Whether it is the consumer of that tag on that channel. */
export function isOf(
  consumer: Pick<Consumer, 'channel' | 'consumerTag'>,
  channel: ConsumerChannel,
  consumerTag: string | undefined,
): boolean {
  return consumer.channel === channel && consumer.consumerTag === consumerTag;
}

/** A consumer, for people to look at. */
export function viewOf(consumer: Omit<Consumer, 'priority'>, isActive: boolean): ConsumerView {
  const { channel, consumerTag, ackRequired, exclusive, prefetchCount } = consumer;
  return { channel, consumerTag, noAck: !ackRequired, exclusive, prefetchCount, isActive };
}

/** Consumers in the order in which they are served: by priority, and in turn within one. */
export class ConsumerLine<C extends Consumer = Consumer> {
  private consumers: C[] = [];

  get first(): C | undefined {
    return this.consumers[0];
  }

  get all(): readonly C[] {
    return this.consumers;
  }

  includes(consumer: C): boolean {
    return this.consumers.includes(consumer);
  }

  takeFirst(): C | undefined {
    return this.consumers.shift();
  }

  /** Puts one after the others of its priority. */
  add(consumer: C): void {
    const { consumers } = this;
    let at = consumers.length;
    while (at > 0 && (consumers[at - 1]?.priority ?? 0) < consumer.priority) at--;
    if (at === consumers.length) consumers.push(consumer);
    else consumers.splice(at, 0, consumer);
  }

  remove(fits: (consumer: C) => boolean): void {
    this.consumers = this.consumers.filter((consumer) => !fits(consumer));
  }
}
