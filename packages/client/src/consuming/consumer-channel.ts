/**
 * A channel with consumers on it, and what each subscription of a consumer to a queue may settle there.
 * Must not choose channels, nor decide what follows when one is lost: `subscriptions.ts` does.
 */
import type { PukaError } from '@puka/errors';
import { ByteReader } from '@puka/wire';
import { LazySet } from '../runtime/lazy-collections.ts';
import type { ChannelSink, ReceivedContent, SessionChannel } from '../session/index.ts';
import { BodyLoan } from './body-loan.ts';
import type { BodyPool } from './body-pool.ts';
import type { Consumer, ConsumerSource } from './consumer.ts';
import { Message, type MessageOrigin, type Settlement } from './message.ts';
import type { ReplyPublishing } from './reply-queue.ts';
import { streamOffsetOf } from './stream-offset.ts';

/** What it needs of its owner. */
export interface ConsumerChannelHost {
  /** The memory of bodies that are lent. */
  readonly bodyPool: BodyPool;
  /** A message over a limit came for a consumer. @param why names the limit. */
  messageOverLimit(subscription: Subscription, why: string): void;
  /** RabbitMQ extension: the broker ended a subscription. */
  subscriptionCancelled(subscription: Subscription): void;
  /** Direct reply-to: publishes have lost their channel. */
  publishingClosed(): void;
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
  unsettled = 0;
  /** The channel is gone, and with it every right to settle. */
  isLost = false;
  /** The broker has answered its consume. */
  isAnswered = false;
  /** `basic.cancel` is sent, or the broker has cancelled it. */
  isRetired = false;
  /** Whether its queue is taken for a stream; `undefined` before its first delivery. */
  isStream: boolean | undefined = undefined;
  /** Of a stream: offsets of deliveries that are not settled, in their order. */
  private offsets: Map<number, number> | undefined = undefined;
  private lastOffset = -1;
  /** Of its messages. Made for the first one. */
  private origin: MessageOrigin | undefined = undefined;
  /** The bodies that are lent until their deliveries are settled; `undefined` if none is. */
  private readonly loans: Map<number, BodyLoan> | undefined;

  constructor(consumer: Consumer, source: ConsumerSource, on: ConsumerChannel) {
    this.consumer = consumer;
    this.source = source;
    this.on = on;
    this.loans = consumer.lendsBodies && !consumer.noAck ? new Map() : undefined;
    if (consumer.lendsBodies) on.channel.bodyMemory = on.host.bodyPool;
  }

  /** Takes a delivery: hands it on, or puts it back if no code will take it. @returns whether it has to be settled. */
  deliver(content: ReceivedContent): boolean {
    const { consumer, on } = this;
    const { deliveryTag, overLimit } = content;
    // It ends the consumer, so that the message goes back below, after the cancel.
    if (overLimit !== undefined) on.host.messageOverLimit(this, overLimit);
    this.origin ??= this.makeOrigin();
    const message = new Message(content, this.origin);
    if (consumer.noAck) {
      if (consumer.lendsBodies) message.lend(new BodyLoan(content, on.host.bodyPool));
      consumer.push(message);
      return false;
    }
    if (this.isStream !== false) this.lookForOffset(content, message);
    // Not before the cancel is sent, or the broker would deliver it here again.
    const isUnwanted = this.isRetired && (consumer.isEnded || consumer.isCancelling);
    if (isUnwanted || overLimit !== undefined) {
      if (this.isStream) {
        on.mustClose = true;
        return false;
      }
      on.channel.nack(deliveryTag, true);
      return true;
    }
    this.unsettled++;
    if (this.isStream) {
      this.offsets ??= new Map();
      this.offsets.set(deliveryTag, this.lastOffset);
    }
    if (this.loans !== undefined) {
      const loan = new BodyLoan(content, on.host.bodyPool);
      this.loans.set(deliveryTag, loan);
      message.lend(loan);
    }
    consumer.push(message);
    return true;
  }

  private makeOrigin(): MessageOrigin {
    const { queue, consumerTag } = this.source;
    const settlement = this.consumer.noAck ? undefined : this;
    return { kind: 'deliver', queue, consumerTag, settlement, tables: this.on.channel.tables };
  }

  /** Where to read the stream on: at what was delivered first and not settled, else after what was delivered last. */
  get resumeOffset(): number | undefined {
    const [first] = this.offsets?.values() ?? [];
    return first ?? (this.lastOffset < 0 ? undefined : this.lastOffset + 1);
  }

  /**
   * RabbitMQ: each delivery of a stream has its offset in the headers, higher than that of the one before. It comes to a
   * consumer with a limit, and is never redelivered. A delivery for which that does not hold shows an ordinary queue, whose
   * messages were read from a stream once and published again with their headers.
   */
  private lookForOffset(content: ReceivedContent, message: Message): void {
    const offset = streamOffsetOf(content.propertiesBytes, content.propertiesStart, content.propertiesEnd);
    const hasLimit = this.isStream === true || this.consumer.prefetchCount > 0;
    if (offset !== undefined && offset > this.lastOffset && hasLimit && !message.redelivered) {
      this.isStream = true;
      this.lastOffset = offset;
      return;
    }
    // Of what is over a limit the headers may be missing.
    if (this.isStream === true && content.overLimit !== undefined) return;
    this.isStream = false;
    this.offsets = undefined;
    this.lastOffset = -1;
  }

  /** The channel is gone: nothing can be settled any more. */
  lose(): void {
    this.isLost = true;
    this.unsettled = 0;
    for (const loan of this.loans?.values() ?? []) loan.giveBack();
    this.loans?.clear();
  }

  /** For messages: a stream knows acks alone. */
  get acksOnly(): boolean {
    return this.isStream === true;
  }

  /** For the user, as the other two: settles a message. */
  ack(deliveryTag: number): boolean {
    this.offsets?.delete(deliveryTag);
    return this.settled(deliveryTag, this.on.channel.ack(deliveryTag));
  }

  reject(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(deliveryTag, this.on.channel.reject(deliveryTag, requeue));
  }

  nack(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(deliveryTag, this.on.channel.nack(deliveryTag, requeue));
  }

  /** For messages that were not handed out. RabbitMQ 3.10 ends the connection with 540 for a nack of a stream's. */
  putBack(deliveryTag: number): void {
    if (this.isLost) return;
    const { on } = this;
    this.endLoan(deliveryTag);
    this.unsettled--;
    if (this.isStream) {
      on.mustClose = true;
      on.channel.letGo(deliveryTag);
    } else {
      on.channel.nack(deliveryTag, true);
    }
    on.settledOne(this);
  }

  private endLoan(deliveryTag: number): void {
    const { loans } = this;
    if (loans === undefined) return;
    loans.get(deliveryTag)?.giveBack();
    loans.delete(deliveryTag);
  }

  private settled(deliveryTag: number, isDone: boolean): boolean {
    this.endLoan(deliveryTag);
    if (!this.isLost) {
      this.unsettled--;
      this.consumer.released(1);
      this.on.settledOne(this);
    }
    return isDone;
  }
}

/** The sink of such a channel. */
export class ConsumerChannel implements ChannelSink {
  readonly channel: SessionChannel;
  readonly host: ConsumerChannelHost;
  /** For a consumer that may be refused, and shared only if there is no other. */
  isIsolated = false;
  /** The one whose consume the broker refused, so that it closed the channel. */
  culprit: Consumer | undefined = undefined;
  /** A publish was refused on it, so that the broker closed it: none of its consumers did. */
  isLostByPublish = false;
  /**
   * It cannot be used for anything else later: deliveries of a stream were dropped on it, which for the broker are unsettled
   * until it is closed, or it has confirms.
   */
  mustClose = false;
  /** Direct reply-to: publishes that go over it. */
  publishing: ReplyPublishing | undefined = undefined;
  private readonly byTag = new Map<string, Subscription>();
  /** Subscriptions that were ended, and of which messages are unsettled. */
  private readonly endedSubscriptions = new LazySet<Subscription>();
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

  /** The tag, or one made of it if it is taken: a consumer that subscribes anew may find no other channel. */
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
    subscription.isRetired = true;
    if (!this.byTag.delete(subscription.source.consumerTag)) return;
    if (subscription.unsettled > 0) this.endedSubscriptions.add(subscription);
    this.only = this.byTag.size === 1 ? this.byTag.values().next().value : undefined;
    this.freeWhenDone();
  }

  /** A message of the subscription was settled or put back. */
  settledOne(subscription: Subscription): void {
    if (this.endedSubscriptions.size > 0 && subscription.unsettled === 0) this.endedSubscriptions.delete(subscription);
    this.freeWhenDone();
  }

  /** The channel is gone: the broker delivers again what was not settled. What waits in memory is dropped. */
  lose(): void {
    const released = new Map<Consumer, number>();
    for (const subscription of [...this.byTag.values(), ...this.endedSubscriptions]) {
      const { consumer, unsettled } = subscription;
      if (consumer.noAck) continue;
      subscription.lose();
      released.set(consumer, (released.get(consumer) ?? 0) + unsettled);
    }
    this.endedSubscriptions.clear();
    for (const [consumer, count] of released) {
      const dropped = consumer.takeWaiting(({ settledBy }) => settledBy instanceof Subscription && settledBy.isLost);
      consumer.released(count - dropped.length);
    }
  }

  content(content: ReceivedContent): boolean {
    if (content.kind !== 'deliver') return this.publishing?.content(content) ?? false;
    const subscription = this.only ?? this.byTag.get(readConsumerTag(content));
    return subscription?.deliver(content) ?? false;
  }

  confirmed(deliveryTag: number, multiple: boolean, ack: boolean): void {
    this.publishing?.confirmed(deliveryTag, multiple, ack);
  }

  consumerCancelled(consumerTag: string): void {
    const subscription = this.byTag.get(consumerTag);
    if (subscription !== undefined) this.host.subscriptionCancelled(subscription);
  }

  closed(error: PukaError | undefined): void {
    const { publishing } = this;
    this.isLostByPublish = publishing !== undefined && error?.method === 'basic.publish';
    // The publish that was refused gets its error before `interrupted`, whose listeners may give up the others.
    const hadPublishes = publishing?.isOn(this.channel) === true;
    if (hadPublishes) publishing.closed(error);
    this.host.consumerChannelClosed(this, error);
    if (hadPublishes) this.host.publishingClosed();
  }

  /** Reports when the channel is no longer needed. */
  freeWhenDone(): void {
    if (this.byTag.size > 0 || this.channel.unsettledDeliveries > 0) return;
    if (this.publishing !== undefined && this.publishing.countOn(this.channel) > 0) return;
    this.host.consumerChannelFree(this);
  }
}

/** AMQP 0-9-1 §1.8.3: the first field of `basic.deliver`. */
function readConsumerTag(content: ReceivedContent): string {
  return new ByteReader(content.methodBytes, content.methodStart + 4, content.methodEnd).readShortString();
}
