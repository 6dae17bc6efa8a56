/**
 * A classic queue: messages in their order, consumers in turn, limits, expiry. What one queue does to another goes by its
 * host and happens afterwards. Must not know connections or frames. RabbitMQ: docs/queues, docs/consumers, docs/ttl,
 * docs/maxlength, docs/priority.
 */
import { AccessRefused } from '@puka/errors';
import type { Message } from '../message.ts';
import { QueuedMessage } from '../queued-message.ts';
import { ReadyMessages } from '../ready-messages.ts';
import { ChannelRecord } from './channel-record.ts';
import { type Consumer, ConsumerLine, isOf, priorityOf, viewOf } from './consumer-line.ts';
import { ExpiringQueue } from './expiring-queue.ts';
import type {
  ConsumeRequest,
  ConsumerChannel,
  ConsumerView,
  GetResult,
  QueueHost,
  QueueSettings,
  Settlement,
} from './queue.ts';

/** A classic queue: messages in their order, consumers in turn, limits, expiry. */
export class ClassicQueue extends ExpiringQueue {
  unackedCount = 0;
  consumerCount = 0;
  protected readonly ready: ReadyMessages;
  private readonly active = new ConsumerLine();
  private readonly channels = new Map<ConsumerChannel, ChannelRecord>();
  private readonly isSingleActive: boolean;
  /** What waits is on disk. */
  private readonly isLazy: boolean;
  /** The only consumer that gets anything: an exclusive one, or the active one of `x-single-active-consumer`. */
  private holder: Consumer | undefined;
  private nextPlace = 1;
  private hasHadConsumers = false;

  constructor(vhost: string, settings: QueueSettings, host: QueueHost) {
    super(vhost, settings, host);
    this.ready = new ReadyMessages(settings.arguments.number('x-max-priority'));
    this.isSingleActive = settings.arguments.isTrue('x-single-active-consumer');
    this.isLazy = settings.arguments.text('x-queue-mode') === 'lazy';
    this.setDeadline();
  }

  get consumers(): readonly ConsumerView[] {
    const blocked = [...this.channels.values()].flatMap((record) => record.blocked.all);
    const isActive = (consumer: Consumer): boolean => !this.isSingleActive || this.holder === consumer;
    return [...this.active.all, ...blocked].map((consumer) => viewOf(consumer, isActive(consumer)));
  }

  get isDelivering(): boolean {
    return this.ready.length > 0 && [...this.channels.values()].some((record) => record.channel.isCongested);
  }

  publish(message: Message): 'taken' | 'rejected' {
    if (this.limits.overflow !== 'drop-head' && this.wouldOverflow(message)) {
      if (this.limits.overflow === 'reject-publish-dlx') this.host.deadLetter(this, message, 'maxlen');
      return 'rejected';
    }
    const entry = new QueuedMessage(this.nextPlace++, message, this.host.nowMs + this.lifeMsOf(message));
    if (this.ready.length > 0 || !this.deliver(entry)) this.enqueue(entry);
    this.setDeadline();
    return 'taken';
  }

  get(channel: ConsumerChannel, ackRequired: boolean): GetResult | undefined {
    this.touch();
    const entry = this.fetch();
    this.setDeadline();
    if (entry === undefined) return undefined;
    const delivery = this.deliveryOf(entry);
    if (ackRequired) this.recordUnacked(this.recordOf(channel), entry, undefined);
    return { delivery, messageCount: this.ready.length };
  }

  consume(request: ConsumeRequest): void {
    const { channel, consumerTag, noAck, exclusive, prefetchCount } = request;
    const isTaken = this.isSingleActive
      ? exclusive
      : this.holder !== undefined || (exclusive && this.consumerCount > 0);
    if (isTaken) throw new AccessRefused(`${this.text} in exclusive use`);
    const consumer: Consumer = {
      ...{ channel, consumerTag, exclusive, prefetchCount },
      ackRequired: !noAck,
      priority: priorityOf(request.arguments),
    };
    this.recordOf(channel).added(consumer);
    this.consumerCount++;
    this.hasHadConsumers = true;
    this.active.add(consumer);
    if (this.isSingleActive ? this.holder === undefined : exclusive) this.holder = consumer;
    request.started();
    this.run();
  }

  cancel(channel: ConsumerChannel, consumerTag: string, done: () => void): void {
    done();
    const record = this.channels.get(channel);
    if (record === undefined) return;
    const isMeant = (consumer: Consumer): boolean => isOf(consumer, channel, consumerTag);
    this.active.remove(isMeant);
    record.removed(consumerTag);
    this.consumerCount--;
    this.forgetIfEmpty(record);
    if (this.holder !== undefined && isMeant(this.holder)) this.passOn();
    this.consumerGone();
  }

  settle(
    channel: ConsumerChannel,
    _consumerTag: string | undefined,
    entries: readonly QueuedMessage[],
    settlement: Settlement,
  ): void {
    const record = this.channels.get(channel);
    if (record === undefined || this.isGone) return;
    const isUnblocked = record.settled(entries);
    this.unackedCount -= entries.length;
    this.forgetIfEmpty(record);
    if (isUnblocked) for (const consumer of record.unblock()) this.active.add(consumer);
    if (settlement === 'requeue') this.putBack(entries);
    if (settlement === 'discard') for (const { message } of entries) this.host.deadLetter(this, message, 'rejected');
    if (isUnblocked) this.run();
  }

  limitChannel(channel: ConsumerChannel, isLimited: boolean): void {
    const record = this.channels.get(channel);
    if (record === undefined) return;
    const wasBlocked = record.isBlocked;
    record.setLimited(isLimited);
    if (wasBlocked) this.resume(channel);
  }

  resume(channel: ConsumerChannel): void {
    const record = this.channels.get(channel);
    if (record === undefined || record.isBlocked) return;
    const free = record.unblock();
    for (const consumer of free) this.active.add(consumer);
    if (free.length > 0) this.run();
  }

  channelDown(channel: ConsumerChannel): void {
    const record = this.channels.get(channel);
    if (record === undefined || this.isGone) return;
    this.channels.delete(channel);
    record.close();
    this.active.remove((consumer) => consumer.channel === channel);
    this.consumerCount -= record.consumerCount;
    const returned = [...record.unacked.keys()];
    this.unackedCount -= returned.length;
    if (this.holder?.channel === channel) this.passOn();
    if (this.removeIfUnused()) return;
    this.touch();
    this.putBack(returned);
  }

  purge(): number {
    const count = this.ready.clear();
    this.setDeadline();
    return count;
  }

  restart(): void {
    const kept = [...this.ready].filter(({ message }) => message.isPersistent);
    this.ready.clear();
    this.ready.putBack(kept);
    this.touch();
  }

  touch(): void {
    this.used();
    this.setDeadline();
  }

  close(): readonly ConsumerView[] {
    const { consumers } = this;
    this.isGone = true;
    for (const record of this.channels.values()) record.close();
    this.channels.clear();
    this.ready.clear();
    this.unackedCount = 0;
    this.consumerCount = 0;
    this.setDeadline();
    return consumers;
  }

  stop(): readonly ConsumerView[] {
    const { consumers } = this;
    const returned = [...this.channels.values()].flatMap(({ unacked }) => [...unacked.keys()]);
    for (const entry of returned) entry.isRedelivered = true;
    for (const record of this.channels.values()) record.close();
    this.channels.clear();
    this.active.remove(() => true);
    this.holder = undefined;
    this.unackedCount = 0;
    this.consumerCount = 0;
    this.isStopped = true;
    this.ready.putBack(returned);
    this.setDeadline();
    return consumers;
  }

  /** RabbitMQ: the messages of the queue's own limit wait or are refused; unacked ones do not count. */
  private wouldOverflow({ body }: Message): boolean {
    const { maxLength, maxLengthBytes } = this.limits;
    return this.ready.length + 1 > maxLength || this.ready.bytes + body.length > maxLengthBytes;
  }

  private enqueue(entry: QueuedMessage): void {
    if (this.limits.messageTtlMs === 0 && this.settings.arguments.get('x-dead-letter-exchange') === undefined) return;
    this.ready.push(this.isLazy ? entry.stored() : entry);
    const hasDropped = this.dropOverflow();
    // RabbitMQ: what has expired is dropped only from the front.
    if (hasDropped || this.ready.length === 1) this.dropExpired();
  }

  private dropOverflow(): boolean {
    const { maxLength, maxLengthBytes, overflow } = this.limits;
    if (overflow !== 'drop-head') return false;
    let hasDropped = false;
    while (this.ready.length > maxLength || this.ready.bytes > maxLengthBytes) {
      const entry = this.ready.takeFirst();
      if (entry === undefined) break;
      hasDropped = true;
      this.host.deadLetter(this, entry.message, 'maxlen');
    }
    return hasDropped;
  }

  protected messagesDue(): void {
    this.dropExpired();
    this.setDeadline();
  }

  protected expired({ message }: QueuedMessage): void {
    this.host.deadLetter(this, message, 'expired');
  }

  private putBack(entries: readonly QueuedMessage[]): void {
    for (const entry of entries) entry.isRedelivered = true;
    this.ready.putBack(entries);
    this.dropOverflow();
    this.dropExpired();
    this.run();
  }

  private fetch(): QueuedMessage | undefined {
    const entry = this.ready.takeFirst();
    if (entry !== undefined) this.dropExpired();
    return entry;
  }

  /** Hands out what waits, as far as consumers take it. */
  private run(): void {
    while (!this.isGone) {
      const { first } = this.ready;
      if (first === undefined || !this.deliver(first)) break;
      this.fetch();
    }
    this.setDeadline();
  }

  /** Finds a consumer for one message. */
  private deliver(entry: QueuedMessage): boolean {
    if (this.isSingleActive) {
      const { holder } = this;
      if (holder === undefined || !this.active.includes(holder)) return false;
      if (this.deliverTo(holder, entry)) return true;
      this.active.remove((consumer) => consumer === holder);
      return false;
    }
    for (let consumer = this.active.takeFirst(); consumer !== undefined; consumer = this.active.takeFirst()) {
      if (!this.deliverTo(consumer, entry)) continue;
      this.active.add(consumer);
      return true;
    }
    return false;
  }

  private deliverTo(consumer: Consumer, entry: QueuedMessage): boolean {
    const record = this.recordOf(consumer.channel);
    if (record.isBlocked || !record.takeCredit(consumer)) {
      record.blocked.add(consumer);
      return false;
    }
    if (consumer.ackRequired) this.recordUnacked(record, entry, consumer.consumerTag);
    consumer.channel.deliver(consumer.consumerTag, consumer.ackRequired, this.deliveryOf(entry));
    return true;
  }

  private deliveryOf(entry: QueuedMessage): GetResult['delivery'] {
    return { queue: this, entry, message: entry.message, isRedelivered: entry.isRedelivered };
  }

  private recordUnacked(record: ChannelRecord, entry: QueuedMessage, consumerTag: string | undefined): void {
    record.unacked.set(entry, consumerTag);
    this.unackedCount++;
  }

  private recordOf(channel: ConsumerChannel): ChannelRecord {
    let record = this.channels.get(channel);
    if (record === undefined) {
      record = new ChannelRecord(channel, () => this.resume(channel));
      this.channels.set(channel, record);
    }
    return record;
  }

  private forgetIfEmpty(record: ChannelRecord): void {
    if (record.isEmpty) this.channels.delete(record.channel);
  }

  /** The next consumer takes over; an exclusive one has no successor. */
  private passOn(): void {
    this.holder = this.isSingleActive ? (this.active.first ?? this.firstBlocked()) : undefined;
  }

  private firstBlocked(): Consumer | undefined {
    for (const { blocked } of this.channels.values()) if (blocked.first !== undefined) return blocked.first;
    return undefined;
  }

  private consumerGone(): void {
    if (this.removeIfUnused()) return;
    this.touch();
    // RabbitMQ 3.10 leaves the messages where they are until the next publish, and fails at that one.
    if (this.isSingleActive) this.run();
  }

  /** AMQP 0-9-1 §1.7.2.1: an auto-delete queue goes with its last consumer, and never before it has had one. */
  private removeIfUnused(): boolean {
    if (!this.settings.autoDelete || !this.hasHadConsumers || this.consumerCount > 0) return false;
    this.host.removeQueue(this);
    return true;
  }
}
