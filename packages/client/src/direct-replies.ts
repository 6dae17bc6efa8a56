/**
 * RabbitMQ's direct reply-to: the one consumer of `amq.rabbitmq.reply-to`, and the publishes that ask for replies to it.
 * RabbitMQ takes those on the channel of that consumer alone. Must not subscribe, and must not make messages.
 */
import { UsageError } from '@puka/errors';
import type { Consumer } from './consuming/consumer.ts';
import { directReplyQueue, type ReplyChannel, type ReplyConsumers } from './consuming/reply-queue.ts';
import type { ExchangeChecks } from './publishing/exchange-checks.ts';
import { Publisher, type PublisherHost } from './publishing/publisher.ts';
import type { SessionChannel } from './session/index.ts';

/** The direct replies of one client. */
export class DirectReplies implements ReplyConsumers {
  /** Publishes with `replyTo: 'amq.rabbitmq.reply-to'`. */
  readonly publisher: Publisher;
  private consumer: Consumer | undefined = undefined;
  private on: ReplyChannel | undefined = undefined;
  /** The channel of a consumer that has ended, whose publishes may still be under way. */
  private draining: ReplyChannel | undefined = undefined;

  constructor(host: Omit<PublisherHost, 'openChannel'>, exchanges: ExchangeChecks) {
    this.publisher = new Publisher(
      {
        ...host,
        publishesSettled: () => {
          this.draining?.freeWhenDone();
          host.publishesSettled();
        },
        openChannel: () => this.adopt(),
      },
      exchanges,
    );
  }

  /** @throws {UsageError} where a publish has no consumer that could get the reply. */
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

  /** A consumer has ended: publishes that were not sent have nobody to be answered to. */
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
    this.publisher.drain(() => new UsageError(text, { method: 'basic.publish', outcome: 'not-sent' }));
  }

  private adopt(): SessionChannel | undefined {
    const { on, publisher } = this;
    if (this.consumer === undefined || on === undefined || !on.channel.isUsable) return undefined;
    on.publishing = publisher;
    // Nobody else can use a channel with confirms.
    on.mustClose = true;
    return on.channel;
  }
}
