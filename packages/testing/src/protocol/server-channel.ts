/**
 * A channel on the broker's side: its state, what it has delivered, its consumers, its way of publishing. What each method
 * does is in `methods/`. Must not know frames of other channels, nor sockets.
 */
import { type AmqpError, ChannelError, LimitExceeded, PreconditionFailed, UsageError } from '@puka/errors';
import {
  type ByteWriter,
  encodeBasicCancel,
  encodeBasicDeliver,
  encodeBasicReturn,
  encodeChannelClose,
  encodeChannelCloseOk,
  encodeMethod,
  type Method,
  type MethodInput,
  writeBody,
  writeRawContentHeader,
} from '@puka/wire';
import { FaultRefusal } from '../model/fault-refusal.ts';
import type { Message } from '../model/message.ts';
import type { QueuedMessage } from '../model/queued-message.ts';
import { ChannelLimit } from '../model/queues/channel-limit.ts';
import type { ConsumerChannel, Delivery, Queue, Settlement } from '../model/queues/queue.ts';
import type { ChannelHost } from './channel-host.ts';
import { ContentReader } from './content-reader.ts';
import { HeldOutput } from './held-output.ts';
import { PublisherConfirms } from './publisher-confirms.ts';
import { closeFields } from './refusal.ts';
import type { Transaction } from './transaction.ts';
import { groupsOf, UnackedDeliveries, type UnackedDelivery } from './unacked-deliveries.ts';

/** The state of a channel: `closing` is from our close until the client's close-ok. */
export type ChannelState = 'starting' | 'running' | 'closing' | 'closed';

/** A consumer of direct replies. */
export interface ReplyConsumer {
  readonly consumerTag: string;
  /** The value of `reply-to`. */
  readonly address: string;
}

/** A channel on the broker's side: its state, what it has delivered, its consumers, its way of publishing. */
export class ServerChannel implements ConsumerChannel {
  readonly id: number;
  readonly host: ChannelHost;
  state: ChannelState = 'starting';
  readonly limit: ChannelLimit = new ChannelLimit();
  readonly unacked: UnackedDeliveries = new UnackedDeliveries();
  readonly confirms: PublisherConfirms = new PublisherConfirms();
  readonly content: ContentReader = new ContentReader();
  /** Each consumer's queue, by its tag. */
  readonly consumers: Map<string, Queue> = new Map();
  transaction: Transaction | undefined;
  replyConsumer: ReplyConsumer | undefined;
  /** Tags of consumers whose queue has not agreed yet. */
  readonly waitingConsumers: Set<string> = new Set();
  /** What an empty queue name refers to. AMQP 0-9-1 §1.7.2.3.2. */
  lastQueue = '';
  /** Of the consumers to come. */
  prefetchCount = 0;
  private nextDeliveryTag = 1;
  private readonly held = new HeldOutput();

  constructor(id: number, host: ChannelHost) {
    this.id = id;
    this.host = host;
  }

  /** Where the output of the channel goes. */
  get writer(): ByteWriter {
    return this.held.writer ?? this.host.writer;
  }

  /** The output of the channel is held back. */
  get isHeld(): boolean {
    return this.held.writer !== undefined;
  }

  get isCongested(): boolean {
    return this.host.isCongested;
  }

  get isEnding(): boolean {
    return this.host.isEnding;
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get deadlineMs(): number {
    return Math.min(this.ackDeadlineMs, this.held.untilMs);
  }

  /** Holds back everything the channel sends from now on. @param untilMs `Infinity` until `releaseOutput()`. */
  holdOutput(untilMs: number): void {
    this.held.hold(untilMs);
  }

  /** Sends everything that was held back. */
  releaseOutput(): void {
    if (this.held.release(this.host.writer)) this.host.outputWaiting();
  }

  /** When the oldest delivery has waited too long for its ack. */
  private get ackDeadlineMs(): number {
    const { oldest } = this.unacked;
    if (oldest === undefined || this.state !== 'running') return Number.POSITIVE_INFINITY;
    return oldest.deliveredAtMs + this.host.settings.consumerTimeoutMs;
  }

  /**
   * Takes a method that is about the channel itself.
   *
   * @returns whether it is another one, to be run.
   * @throws {ChannelError} if the channel is not open.
   */
  admits(method: Method): boolean {
    if (method.type === 'channel.open') this.open();
    else if (this.state === 'starting') throw new ChannelError("expected 'channel.open'");
    else if (method.type === 'channel.close') this.closeByClient();
    else return this.state === 'running';
    return false;
  }

  /** Whether a message may be published now. @throws {ChannelError} if the channel is not open. */
  admitsContent(): boolean {
    if (this.state === 'starting') throw new ChannelError("expected 'channel.open'");
    return this.state === 'running';
  }

  /** Refuses what the client has asked for: the channel is closing from now on. */
  refuse(error: AmqpError, methodId: number, request?: Method): void {
    this.host.channelRefused(this.id, error, methodId, request);
    this.state = 'closing';
    this.confirms.drop();
    this.leaveQueues(new Set(this.consumers.values()));
    encodeChannelClose(this.writer, this.id, closeFields(error, methodId));
    this.host.outputWaiting();
  }

  /** The channel is over, with its connection or by the client's close-ok. */
  end(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    // What a transaction has settled and not committed comes back too.
    const held = this.transaction?.take().settlements.flatMap(({ deliveries }) => deliveries) ?? [];
    const waiting = [...this.unacked.takeAll(), ...held].map(({ queue }) => queue);
    this.leaveQueues(new Set([...this.consumers.values(), ...waiting]));
    this.consumers.clear();
    this.endReplies();
  }

  /** Does what is due at `deadlineMs`. */
  handleTimeout(nowMs: number): void {
    if (nowMs >= this.held.untilMs) this.releaseOutput();
    const { consumerTimeoutMs } = this.host.settings;
    if (nowMs < this.ackDeadlineMs || this.state !== 'running') return;
    const error = new PreconditionFailed(
      `delivery acknowledgement on channel ${this.id} timed out. Timeout value used: ${consumerTimeoutMs} ms. ` +
        'This timeout value can be configured, see consumers doc guide to learn more',
    );
    this.refuse(error, 0);
  }

  /** Answers the client. */
  send(method: MethodInput): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    encodeMethod(this.writer, this.id, method);
    this.host.outputWaiting();
  }

  /** For queues. */
  deliver(consumerTag: string, ackRequired: boolean, { queue, entry, message, isRedelivered }: Delivery): void {
    const deliveryTag = this.nextDeliveryTag++;
    if (ackRequired) this.remember(deliveryTag, queue, entry, consumerTag);
    try {
      encodeBasicDeliver(this.writer, this.id, {
        ...{ consumerTag, deliveryTag, exchange: message.exchange, routingKey: message.routingKey },
        redelivered: isRedelivered,
      });
      this.writeContent(message);
    } catch (error) {
      this.failToWrite(error);
    }
  }

  /** Answers a get with its message. */
  sendGot({ queue, entry, message, isRedelivered }: Delivery, messageCount: number, ackRequired: boolean): void {
    const deliveryTag = this.nextDeliveryTag++;
    if (ackRequired) this.remember(deliveryTag, queue, entry, undefined);
    const { exchange, routingKey } = message;
    try {
      encodeMethod(this.writer, this.id, {
        ...{ type: 'basic.get-ok', deliveryTag, exchange, routingKey, messageCount },
        redelivered: isRedelivered,
      });
      this.writeContent(message);
    } catch (error) {
      this.failToWrite(error);
    }
  }

  /** Returns a message that no queue takes. */
  sendReturn(message: Message): void {
    const { exchange, routingKey } = message;
    try {
      encodeBasicReturn(this.writer, this.id, { replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey });
      this.writeContent(message);
    } catch (error) {
      this.failToWrite(error);
    }
  }

  /** For the broker: a direct reply. RabbitMQ: its delivery tag is not counted, because it needs no ack. */
  reply(message: Message): void {
    if (this.replyConsumer === undefined || this.state !== 'running') return;
    const { consumerTag } = this.replyConsumer;
    const { exchange, routingKey } = message;
    const deliveryTag = this.nextDeliveryTag;
    try {
      encodeBasicDeliver(this.writer, this.id, { consumerTag, deliveryTag, exchange, routingKey });
      this.writeContent(message);
    } catch (error) {
      this.failToWrite(error);
    }
  }

  /** For queues: the queue of a consumer is gone. */
  consumerCancelled(consumerTag: string): void {
    if (this.state !== 'running' || !this.consumers.delete(consumerTag) || !this.host.isCancelNotified) return;
    encodeBasicCancel(this.writer, this.id, { consumerTag, noWait: true });
    this.host.outputWaiting();
  }

  /** Settles deliveries with their queues. */
  settle(deliveries: readonly UnackedDelivery[], settlement: Settlement): void {
    for (const { queue, consumerTag, entries } of groupsOf(deliveries)) {
      queue.settle(this, consumerTag, entries, settlement);
    }
    const consumed = deliveries.filter(({ consumerTag }) => consumerTag !== undefined).length;
    if (consumed > 0) this.limit.release(consumed);
  }

  /** The connection can take more again. */
  resume(): void {
    for (const queue of new Set(this.consumers.values())) queue.resume(this);
  }

  /** Ends the consumer of direct replies. */
  endReplies(): void {
    if (this.replyConsumer !== undefined) this.host.broker.replyReceivers.delete(this.replyConsumer.address);
    this.replyConsumer = undefined;
  }

  /** Sends the outcomes of publishes. */
  flushConfirms(): void {
    if (this.state !== 'running' || !this.confirms.isWaiting) return;
    const { writer } = this;
    const { interference } = this.host;
    const from = writer.writtenBytes;
    if (interference.isReordering) this.confirms.flushReversed(writer, this.id);
    else this.confirms.flush(writer, this.id);
    if (interference.breaksConfirm()) this.host.breakLineAt((from + writer.writtenBytes) >>> 1);
  }

  private open(): void {
    // RabbitMQ: also while our close awaits its close-ok.
    if (this.state !== 'starting') throw new ChannelError("second 'channel.open' seen");
    this.state = 'running';
    this.send({ type: 'channel.open-ok' });
  }

  private closeByClient(): void {
    if (this.state === 'running') this.end();
    encodeChannelCloseOk(this.writer, this.id);
    this.host.outputWaiting();
  }

  private leaveQueues(queues: ReadonlySet<Queue>): void {
    for (const queue of queues) queue.channelDown(this);
  }

  private remember(deliveryTag: number, queue: Queue, entry: QueuedMessage, consumerTag: string | undefined): void {
    this.unacked.add({ deliveryTag, queue, entry, consumerTag, deliveredAtMs: this.host.broker.nowMs });
  }

  /**
   * A message cannot be written, such as one whose routing key came from a dead letter argument and is longer than a short
   * string. RabbitMQ: the writer crashes, and the connection with it. A queue may be at work: the connection ends after that.
   */
  private failToWrite(error: unknown): void {
    if (!(error instanceof UsageError || error instanceof LimitExceeded)) throw error;
    this.host.broker.later(() => {
      if (this.state !== 'closed') this.host.closeConnection(new FaultRefusal(541, ''), 0);
    });
  }

  private writeContent({ properties, body }: Message): void {
    const { writer } = this;
    const { frameMaxBytes } = this.host;
    // RabbitMQ: its own header frames may be larger than frame_max.
    writeRawContentHeader(writer, this.id, body.length, properties.raw, 0);
    writeBody(writer, this.id, body, frameMaxBytes);
    this.host.outputWaiting();
  }
}
