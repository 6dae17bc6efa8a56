/**
 * A channel with consumers on it, and what each subscription of a consumer to a queue may settle there.
 * Must not choose channels, nor decide what follows when one is lost: `subscriptions.ts` does.
 */
import type { PukaError } from '@puka/errors';
import { ByteReader } from '@puka/wire';
import type { ChannelSink, ReceivedContent, SessionChannel } from '../session/index.ts';
import type { Consumer, ConsumerSource } from './consumer.ts';
import { Message, type Settlement } from './message.ts';

/** What it needs of its owner. */
export interface ConsumerChannelHost {
  /** RabbitMQ extension: the broker ended a subscription. */
  subscriptionCancelled(subscription: Subscription): void;
  /** The channel is closed. */
  consumerChannelClosed(channel: ConsumerChannel, error: PukaError | undefined): void;
  /** The last consumer has gone, and the last of its messages is settled. */
  consumerChannelFree(channel: ConsumerChannel): void;
}

/** One `basic.consume`: what came through it is settled through it. */
export class Subscription implements Settlement {
  readonly consumer: Consumer;
  readonly source: ConsumerSource;
  readonly on: ConsumerChannel;
  /** Delivered through it, not settled. */
  private unsettled = 0;
  private isLost = false;
  /** For its owner: `basic.cancel` is sent. */
  isRetired = false;

  constructor(consumer: Consumer, source: ConsumerSource, on: ConsumerChannel) {
    this.consumer = consumer;
    this.source = source;
    this.on = on;
  }

  /** A delivery: handed on, or back to its queue where nobody will take it. @returns whether it is to be settled. */
  deliver(content: ReceivedContent): boolean {
    const { consumer, on } = this;
    const { deliveryTag } = content;
    const { noAck } = consumer;
    if (!noAck) {
      if (consumer.isEnded || (this.isRetired && consumer.isCancelling)) {
        on.channel.nack(deliveryTag, true);
        return true;
      }
      this.unsettled++;
    }
    const { queue, consumerTag } = this.source;
    const settlement = noAck ? undefined : this;
    consumer.push(new Message(content, deliveryTag, queue, consumerTag, settlement, on.channel.tables));
    return !noAck;
  }

  /** For the user, as the other two: settles a message. */
  ack(deliveryTag: number): boolean {
    return this.settled(this.on.channel.ack(deliveryTag));
  }

  reject(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(this.on.channel.reject(deliveryTag, requeue));
  }

  nack(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(this.on.channel.nack(deliveryTag, requeue));
  }

  /** What nobody has been handed goes back to its queue. */
  putBackWaiting(): void {
    if (this.consumer.noAck) return;
    const { channel } = this.on;
    for (const { deliveryTag } of this.takeWaiting()) channel.nack(deliveryTag, true);
    this.on.freeWhenDone();
  }

  /** The channel is gone: the broker delivers again what was not settled. */
  lose(): void {
    if (this.isLost || this.consumer.noAck) return;
    this.isLost = true;
    this.takeWaiting();
    this.consumer.released(this.unsettled);
    this.unsettled = 0;
  }

  private takeWaiting(): Message[] {
    const waiting = this.consumer.takeWaiting((message) => message.isSettledBy(this));
    this.unsettled -= waiting.length;
    return waiting;
  }

  private settled(isDone: boolean): boolean {
    if (!this.isLost) {
      this.unsettled--;
      this.consumer.released(1);
      this.on.freeWhenDone();
    }
    return isDone;
  }
}

/** The sink of such a channel. */
export class ConsumerChannel implements ChannelSink {
  readonly channel: SessionChannel;
  readonly host: ConsumerChannelHost;
  /** The one whose consume the broker refused, so that it closed the channel. */
  culprit: Consumer | undefined = undefined;
  private readonly byTag = new Map<string, Subscription>();
  private only: Subscription | undefined = undefined;

  constructor(channel: SessionChannel, host: ConsumerChannelHost) {
    this.channel = channel;
    this.host = host;
  }

  /** Subscriptions on it. */
  get subscriptions(): Iterable<Subscription> {
    return this.byTag.values();
  }

  /** How many there are. */
  get size(): number {
    return this.byTag.size;
  }

  /** Whether the tag is taken here. */
  has(consumerTag: string): boolean {
    return this.byTag.has(consumerTag);
  }

  /** The tag, or one made of it where it is taken: a consumer that subscribes anew may find no other channel. */
  freeTag(consumerTag: string): string {
    let tag = consumerTag;
    for (let count = 1; this.byTag.has(tag); count++) tag = `${count}.${consumerTag}`;
    return tag;
  }

  /** Deliveries with its tag are the subscription's. */
  add(subscription: Subscription): void {
    this.byTag.set(subscription.source.consumerTag, subscription);
    this.only = this.byTag.size === 1 ? subscription : undefined;
  }

  /** The broker knows it no more. Its messages can still be settled. */
  remove(subscription: Subscription): void {
    this.byTag.delete(subscription.source.consumerTag);
    const [first] = this.byTag.values();
    this.only = this.byTag.size === 1 ? first : undefined;
    this.freeWhenDone();
  }

  content(content: ReceivedContent): boolean {
    if (content.kind !== 'deliver') return false;
    const subscription = this.only ?? this.byTag.get(readConsumerTag(content));
    return subscription?.deliver(content) ?? false;
  }

  /** No publish goes over this channel. */
  confirmed(): void {}

  consumerCancelled(consumerTag: string): void {
    const subscription = this.byTag.get(consumerTag);
    if (subscription !== undefined) this.host.subscriptionCancelled(subscription);
  }

  closed(error: PukaError | undefined): void {
    this.host.consumerChannelClosed(this, error);
  }

  /** Tells when nobody needs the channel any more. */
  freeWhenDone(): void {
    if (this.byTag.size > 0 || this.channel.unsettledDeliveries > 0) return;
    this.host.consumerChannelFree(this);
  }
}

/** AMQP 0-9-1 §1.8.3: the first field of `basic.deliver`. */
function readConsumerTag(content: ReceivedContent): string {
  return new ByteReader(content.methodBytes, content.methodStart + 4, content.methodEnd).readShortString();
}
