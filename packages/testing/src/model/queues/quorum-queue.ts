/**
 * A quorum queue of one member, as RabbitMQ 3.10 has it: what comes back is counted, and dead beyond a limit. Each thing asked
 * of it is done whole, then messages are handed out. Must not know connections or frames. RabbitMQ: docs/quorum-queues.
 */
import { AmqpNotImplemented, ResourceLocked } from '@puka/errors';
import { int64 } from '@puka/wire';
import { type Message, withHeader } from '../message.ts';
import { QueuedMessage } from '../queued-message.ts';
import { ConsumerLine, isOf, priorityOf, viewOf } from './consumer-line.ts';
import { ExpiringQueue } from './expiring-queue.ts';
import { PublisherGate } from './publisher-gate.ts';
import type {
  ConsumeRequest,
  ConsumerChannel,
  ConsumerView,
  DeathReason,
  Delivery,
  GetResult,
  QueueHost,
  QueueSettings,
  Settlement,
} from './queue.ts';
import { QuorumConsumer, type QuorumConsumerRequest } from './quorum-consumer.ts';
import { QuorumMessages } from './quorum-messages.ts';

/** Deliveries of one thing asked: RabbitMQ sends those of each consumer together. */
type Outgoing = Map<QuorumConsumer, number>;

/** A quorum queue of one member, as RabbitMQ 3.10 has it: what comes back is counted, and dead beyond a limit. */
export class QuorumQueue extends ExpiringQueue {
  protected readonly ready: QuorumMessages;
  private readonly deliveryLimit: number | undefined;
  private readonly isSingleActive: boolean;
  private readonly gate = new PublisherGate();
  private takers: QuorumConsumer[] = [];
  /** Of a queue with a single active consumer: those that wait for their turn. */
  private waiting: QuorumConsumer[] = [];
  private readonly service = new ConsumerLine<QuorumConsumer>();
  /** Dead letters of what is being done. */
  private dying: { readonly entry: QueuedMessage; readonly reason: DeathReason }[] = [];
  /** What the limit has dropped, the last one first. */
  private dropped: QueuedMessage[] = [];
  private nextPlace = 1;

  constructor(vhost: string, settings: QueueSettings, host: QueueHost) {
    super(vhost, settings, host);
    this.ready = new QuorumMessages(this.limits);
    this.deliveryLimit = settings.arguments.number('x-delivery-limit');
    this.isSingleActive = settings.arguments.isTrue('x-single-active-consumer');
    this.setDeadline();
  }

  get unackedCount(): number {
    return this.takers.reduce((sum, { checkedOut }) => sum + checkedOut.size, 0);
  }

  /** RabbitMQ: with those whose messages are not yet acked, and without those that wait for their turn. */
  get consumerCount(): number {
    return this.takers.length;
  }

  get consumers(): readonly ConsumerView[] {
    const active = this.takers.filter(({ isGet, isCancelled }) => !isGet && !isCancelled);
    return [...active.map((each) => viewOf(each, true)), ...this.waiting.map((each) => viewOf(each, false))];
  }

  get isDelivering(): boolean {
    return this.takers.some(({ ackRequired, checkedOut }) => !ackRequired && checkedOut.size > 0);
  }

  publish(message: Message, publisher?: object): 'taken' | 'rejected' {
    const isStrict = this.limits.overflow === 'reject-publish';
    if (isStrict && publisher !== undefined && !this.gate.admits(publisher, this.ready.isOverLimit)) {
      return 'rejected';
    }
    this.command(() => this.ready.push(new QueuedMessage(this.nextPlace++, message, this.expiryOf(message))));
    return 'taken';
  }

  get(channel: ConsumerChannel, ackRequired: boolean): GetResult | undefined {
    if (this.isSingleActive) {
      throw new ResourceLocked(
        `cannot obtain access to locked ${this.text}. basic.get operations are not supported by quorum ` +
          'queues with single active consumer',
      );
    }
    this.used();
    const wasBelow = this.ready.isBelowSoftLimit;
    this.dropExpired();
    // RabbitMQ 3.10: of those that a get has found past their time the last one goes first.
    this.dying.reverse();
    const entry = this.ready.takeFirst();
    this.holdLimit(wasBelow);
    this.sendDeadLetters();
    if (entry !== undefined && ackRequired) {
      const request = { channel, consumerTag: undefined, ackRequired, exclusive: false, prefetchCount: 0, priority: 0 };
      const taker = new QuorumConsumer(request);
      taker.checkOut(entry);
      this.takers.push(taker);
    }
    // RabbitMQ: what is settled at once has the next ones looked at, the oldest of which may be past their time.
    if (entry !== undefined && !ackRequired) this.command(() => {});
    this.setDeadline();
    if (entry === undefined) return undefined;
    // RabbitMQ: for a get the count is there from the first time on.
    const delivery = this.deliveryOf(entry, entry.returnCount);
    return { delivery, messageCount: this.ready.length };
  }

  /** RabbitMQ: `exclusive` means nothing here. */
  consume(request: ConsumeRequest): void {
    const { channel, consumerTag, noAck, exclusive, prefetchCount } = request;
    if (channel.limit.isActive) {
      throw new AmqpNotImplemented(`${this.text} does not support global qos`);
    }
    request.started();
    const priority = priorityOf(request.arguments);
    this.subscribe({ channel, consumerTag, ackRequired: !noAck, exclusive, prefetchCount, priority });
    this.command(() => this.activateNext());
  }

  cancel(channel: ConsumerChannel, consumerTag: string, done: () => void): void {
    done();
    const isMeant = (each: QuorumConsumer): boolean => !each.isGet && isOf(each, channel, consumerTag);
    const taker = this.takers.find(isMeant);
    if (taker === undefined) {
      this.waiting = this.waiting.filter((each) => !isMeant(each));
      return;
    }
    taker.cancel();
    this.removeIfDone(taker);
    this.command(() => this.activateNext());
  }

  settle(
    channel: ConsumerChannel,
    consumerTag: string | undefined,
    entries: readonly QueuedMessage[],
    settlement: Settlement,
  ): void {
    const isMeant = (each: QuorumConsumer): boolean =>
      consumerTag === undefined ? each.isGet && each.channel === channel : isOf(each, channel, consumerTag);
    for (const taker of this.takers.filter(isMeant)) {
      const numbers = taker.numbersOf(entries);
      if (numbers.length === 0 || this.isGone) continue;
      if (settlement === 'requeue') this.giveBack(taker, numbers);
      else this.finish(taker, numbers, settlement === 'discard' ? 'rejected' : undefined);
    }
  }

  limitChannel(): void {}

  resume(channel: ConsumerChannel): void {
    if (channel.isCongested) return;
    for (const taker of this.takers) if (taker.channel === channel) this.settleUnasked(taker);
  }

  channelDown(channel: ConsumerChannel): void {
    if (this.isGone) return;
    const down = this.takers.filter((taker) => taker.channel === channel);
    this.waiting = this.waiting.filter((each) => each.channel !== channel);
    this.command(() => {
      for (const taker of down.toSorted(byTag)) {
        for (const number of taker.checkedOut.keys()) this.returnOne(taker, number);
        this.takers = this.takers.filter((each) => each !== taker);
        this.service.remove((each) => each === taker);
      }
      if (down.length > 0) this.used();
      this.activateNext();
    });
  }

  purge(): number {
    const count = this.ready.length;
    this.command(() => this.ready.clear());
    return count;
  }

  /** What a quorum queue holds is on disk, be it persistent or not. */
  restart(): void {}

  /** RabbitMQ 3.10: a declare is no use of a quorum queue. */
  touch(): void {}

  close(): readonly ConsumerView[] {
    const { consumers } = this;
    this.isGone = true;
    this.takers = [];
    this.waiting = [];
    this.service.remove(() => true);
    this.ready.clear();
    this.setDeadline();
    return consumers;
  }

  stop(): readonly ConsumerView[] {
    const { consumers } = this;
    for (const taker of this.takers) {
      for (const number of [...taker.checkedOut.keys()]) {
        const entry = takeBack(taker, number);
        if (entry !== undefined) this.ready.pushReturned(entry);
      }
    }
    this.takers = [];
    this.waiting = [];
    this.service.remove(() => true);
    this.isStopped = true;
    this.setDeadline();
    return consumers;
  }

  /** Does one thing, hands out what can be handed out, and holds the limit. */
  private command(action: () => void): void {
    const wasBelow = this.ready.isBelowSoftLimit;
    action();
    const outgoing = this.handOut();
    this.holdLimit(wasBelow);
    this.sendDeadLetters();
    this.setDeadline();
    for (const [taker, last] of [...outgoing].toSorted(([a], [b]) => byTag(a, b))) this.send(taker, last);
  }

  private handOut(): Outgoing {
    const outgoing: Outgoing = new Map();
    for (;;) {
      this.dropExpired();
      const taker = this.service.first;
      if (taker === undefined || this.ready.length === 0) return outgoing;
      this.service.takeFirst();
      const entry = taker.isReady ? this.ready.takeFirst() : undefined;
      if (entry === undefined) continue;
      outgoing.set(taker, taker.checkOut(entry));
      this.enlist(taker);
    }
  }

  private send(taker: QuorumConsumer, last: number): void {
    // RabbitMQ: all channels of a connection are gone before the queue delivers what one of them returned.
    if (taker.channel.isEnding) return;
    // RabbitMQ 3.10: a consumer of a tag that was used before gets again what its former life has not acked.
    for (const entry of taker.unknownUpTo(last)) {
      const delivery = this.deliveryOf(entry, entry.returnCount === 0 ? undefined : entry.returnCount);
      taker.channel.deliver(taker.consumerTag, taker.ackRequired, delivery);
    }
    // RabbitMQ: the queue is notified after all that arrives together, such as what a nack of several returns.
    if (!taker.ackRequired && !taker.channel.isCongested) this.host.later(() => this.settleUnasked(taker));
  }

  /** Settles what no ack is asked for; it has been sent. */
  private settleUnasked(taker: QuorumConsumer): void {
    if (this.isGone || taker.ackRequired || taker.checkedOut.size === 0) return;
    this.finish(taker, [...taker.checkedOut.keys()], undefined);
  }

  private finish(taker: QuorumConsumer, numbers: readonly number[], reason: DeathReason | undefined): void {
    this.command(() => {
      for (const number of numbers) {
        const entry = taker.checkedOut.get(number);
        if (entry !== undefined && reason !== undefined) this.dies(entry, reason);
      }
      this.complete(taker, numbers);
    });
  }

  private complete(taker: QuorumConsumer, numbers: readonly number[]): void {
    for (const number of numbers) if (taker.checkedOut.delete(number)) taker.addCredit(1);
    this.removeIfDone(taker);
  }

  /** RabbitMQ 3.10: without a delivery limit what comes back goes to the end, each by itself. */
  private giveBack(taker: QuorumConsumer, numbers: readonly number[]): void {
    if (this.deliveryLimit !== undefined) {
      this.command(() => {
        for (const number of numbers) this.returnOne(taker, number);
        taker.addCredit(numbers.length);
        this.removeIfDone(taker);
      });
      return;
    }
    for (const number of numbers) {
      this.command(() => {
        const entry = takeBack(taker, number);
        if (entry !== undefined) this.ready.push(entry);
        taker.addCredit(1);
        this.removeIfDone(taker);
      });
    }
  }

  private returnOne(taker: QuorumConsumer, number: number): void {
    const entry = takeBack(taker, number);
    if (entry === undefined) return;
    if (this.deliveryLimit === undefined || entry.returnCount <= this.deliveryLimit) {
      this.ready.pushReturned(entry);
      return;
    }
    this.dies(entry, 'delivery_limit');
    // RabbitMQ 3.10 counts this one twice: it is among those that came back as well.
    taker.addCredit(1);
  }

  private subscribe(request: QuorumConsumerRequest): void {
    const former = this.takers.find((each) => !each.isGet && isOf(each, request.channel, request.consumerTag));
    if (this.isSingleActive && !(former !== undefined && this.active === undefined)) {
      this.waiting.push(new QuorumConsumer(request));
      return;
    }
    const taker = former ?? new QuorumConsumer(request);
    if (former === undefined) this.takers.push(taker);
    else former.renew(request, true);
    this.enlist(taker);
  }

  private get active(): QuorumConsumer | undefined {
    return this.takers.find(({ isGet, isCancelled }) => !isGet && !isCancelled);
  }

  /** The next consumer takes over if none is active. */
  private activateNext(): void {
    if (!this.isSingleActive || this.active !== undefined) return;
    const next = this.waiting.shift();
    if (next === undefined) return;
    const former = this.takers.find((each) => isOf(each, next.channel, next.consumerTag));
    if (former === undefined) this.takers.push(next);
    // RabbitMQ 3.10: it stays cancelled.
    else former.renew(next, false);
    this.enlist(former ?? next);
  }

  private enlist(taker: QuorumConsumer): void {
    if (taker.isReady && !this.service.includes(taker)) this.service.add(taker);
  }

  private removeIfDone(taker: QuorumConsumer): void {
    this.enlist(taker);
    if (!(taker.isGet || taker.isCancelled) || taker.checkedOut.size > 0) return;
    this.takers = this.takers.filter((each) => each !== taker);
    this.used();
  }

  protected messagesDue(): void {
    this.command(() => {});
  }

  protected expired(entry: QueuedMessage): void {
    this.dies(entry, 'expired');
  }

  private holdLimit(wasBelowSoftLimit: boolean): void {
    if (this.limits.overflow === 'reject-publish') {
      if (this.ready.isOverLimit) this.gate.shut();
      else if (!wasBelowSoftLimit && this.ready.isBelowSoftLimit) this.gate.open();
      return;
    }
    while (this.ready.isOverLimit) {
      const entry = this.ready.takeFirst();
      if (entry !== undefined) this.dropped.unshift(entry);
    }
  }

  private dies(entry: QueuedMessage, reason: DeathReason): void {
    this.dying.push({ entry, reason });
  }

  /** RabbitMQ 3.10: what the limit has dropped goes before all else, the last one first. */
  private sendDeadLetters(): void {
    const letters = [...this.dropped.map((entry) => ({ entry, reason: 'maxlen' as const })), ...this.dying];
    this.dropped = [];
    this.dying = [];
    for (const { entry, reason } of letters) this.host.deadLetter(this, entry.message, reason);
  }

  private deliveryOf(entry: QueuedMessage, count: number | undefined): Delivery {
    const { message } = entry;
    const shown =
      count === undefined ? message : message.with(withHeader(message.headers, 'x-delivery-count', int64(count)));
    return { queue: this, entry, message: shown, isRedelivered: entry.returnCount > 0 };
  }

  /** RabbitMQ: a message lives a millisecond at least. */
  private expiryOf(message: Message): number {
    return this.host.nowMs + Math.max(1, this.lifeMsOf(message));
  }
}

function takeBack(taker: QuorumConsumer, number: number): QueuedMessage | undefined {
  const entry = taker.checkedOut.get(number);
  if (entry === undefined) return undefined;
  taker.checkedOut.delete(number);
  entry.returnCount++;
  return entry;
}

/** Gets come first. */
function byTag(a: QuorumConsumer, b: QuorumConsumer): number {
  if (a.isGet !== b.isGet) return a.isGet ? -1 : 1;
  return a.consumerTag < b.consumerTag ? -1 : a.consumerTag > b.consumerTag ? 1 : 0;
}
