/**
 * RabbitMQ's direct reply-to: the one consumer of `amq.rabbitmq.reply-to`, and the publishes that ask for replies to it.
 * RabbitMQ takes those on the channel of that consumer alone. Must not subscribe, and must not make messages.
 */
import { type PukaError, UsageError } from '@puka/errors';
import type { ConnectionUser } from './connection/connection-user.ts';
import type { Consumer } from './consuming/consumer.ts';
import { directReplyQueue, type ReplyChannel, type ReplyConsumers } from './consuming/reply-queue.ts';
import type { ExchangeChecks } from './publishing/exchange-checks.ts';
import { Publisher, type PublisherHost } from './publishing/publisher.ts';
import type { ConnectionInfo, Session, SessionChannel } from './session/index.ts';

/** The direct replies of one client. */
export class DirectReplies implements ReplyConsumers, ConnectionUser, PublisherHost {
  /** `undefined` before the first publish. */
  private made: Publisher | undefined = undefined;
  readonly #host: Omit<PublisherHost, 'openChannel'>;
  private readonly checks: ExchangeChecks;
  private connection: { readonly session: Session; readonly info: ConnectionInfo } | undefined = undefined;
  private consumer: Consumer | undefined = undefined;
  private on: ReplyChannel | undefined = undefined;
  /** The channel of a consumer that has ended, whose publishes may still be under way. */
  private draining: ReplyChannel | undefined = undefined;

  constructor(host: Omit<PublisherHost, 'openChannel'>, exchanges: ExchangeChecks) {
    this.#host = host;
    this.checks = exchanges;
  }

  /** Publishes with `replyTo: 'amq.rabbitmq.reply-to'`. */
  get publisher(): Publisher {
    const { made, connection } = this;
    if (made !== undefined) return made;
    const publisher = new Publisher(this, this.checks);
    this.made = publisher;
    if (connection !== undefined) publisher.attach(connection.session, connection.info);
    return publisher;
  }

  attach(session: Session, info: ConnectionInfo): void {
    this.connection = { session, info };
    this.made?.attach(session, info);
  }

  detach(error: PukaError, willRecover: boolean): void {
    this.connection = undefined;
    this.made?.detach(error, willRecover);
  }

  beforeWrite(): void {
    this.made?.beforeWrite();
  }

  get awaitsAnswer(): boolean {
    return this.made?.awaitsAnswer === true;
  }

  get openBytes(): number {
    return this.made?.openBytes ?? 0;
  }

  /** Publishes without an outcome. */
  get outstanding(): number {
    return this.made?.outstanding ?? 0;
  }

  /** For its publisher. */
  get pubacks(): boolean | undefined {
    return this.#host.pubacks;
  }

  /** For its publisher. */
  get names(): PublisherHost['names'] {
    return this.#host.names;
  }

  /** For its publisher. */
  get counts(): PublisherHost['counts'] {
    return this.#host.counts;
  }

  /** For its publisher. */
  now(): number {
    return this.#host.now();
  }

  /** For its publisher. */
  publishesSettled(): void {
    this.draining?.freeWhenDone();
    this.#host.publishesSettled();
  }

  /** @throws {UsageError} if a publish has no consumer that could get the reply. */
  checkPublish(): void {
    const { consumer } = this;
    if (consumer !== undefined && !consumer.isEnded && !consumer.isCancelling) return;
    throw new UsageError(
      `replyTo '${directReplyQueue}' needs a consumer of that name: basicConsume({ queue: '${directReplyQueue}', noAck: true })`,
      { method: 'basic.publish' },
    );
  }

  /** @throws {UsageError} for a consumer of that name that RabbitMQ would refuse, and for a second one. */
  checkConsumer(consumer: Consumer): void {
    if (!consumer.queues.includes(directReplyQueue)) return;
    const details = { method: 'basic.consume' };
    if (consumer.sources.length > 1)
      throw new UsageError(`a consumer of ${directReplyQueue} has no other queue`, details);
    if (!consumer.noAck) throw new UsageError(`a consumer of ${directReplyQueue} needs noAck: true`, details);
    if (this.consumer !== undefined) {
      throw new UsageError(`a client has one consumer of ${directReplyQueue}, and there is one already`, details);
    }
  }

  /** A consumer is being started. */
  started(consumer: Consumer): void {
    if (consumer.queue === directReplyQueue) this.consumer = consumer;
  }

  /** Its consume is sent on that channel: publishes may follow. */
  subscribed(consumer: Consumer, consumerTag: string, on: ReplyChannel): void {
    if (consumer !== this.consumer) return;
    this.on = on;
    on.channel.untaggedConsumer = consumerTag;
  }

  /** A consumer has ended: publishes that were not sent have no consumer for their answers. */
  gone(consumer: Consumer): void {
    if (consumer !== this.consumer) return;
    this.consumer = undefined;
    this.draining = this.on;
    this.on = undefined;
    this.failUnsent();
  }

  /** The publishes have lost their channel. */
  channelClosed(): void {
    if (this.consumer === undefined) this.failUnsent();
  }

  private failUnsent(): void {
    const text = `the consumer of ${directReplyQueue} ended before basic.publish was sent`;
    this.made?.drain(() => new UsageError(text, { method: 'basic.publish', outcome: 'not-sent' }));
  }

  /** For its publisher: the channel of the consumer. */
  openChannel(_session: Session, publisher: Publisher): SessionChannel | undefined {
    const { on } = this;
    if (this.consumer === undefined || on === undefined || !on.channel.isUsable) return undefined;
    on.publishing = publisher;
    // A channel with confirms cannot be used for anything else.
    on.mustClose = true;
    return on.channel;
  }
}
