/**
 * What consuming needs to know of RabbitMQ's direct reply-to: publishes that go over the channel of a consumer.
 * Interfaces only: `direct-replies.ts` has them.
 */
import type { ChannelSink, SessionChannel } from '../session/index.ts';
import type { Consumer } from './consumer.ts';

/** The queue that is none: its consumer gets the replies. */
export const directReplyQueue = 'amq.rabbitmq.reply-to';

/** Publishes that go over a channel of consumers. */
export interface ReplyPublishing extends ChannelSink {
  /** Whether they go over that channel. */
  isOn(channel: SessionChannel): boolean;
  /** Publishes on that channel without an outcome. */
  countOn(channel: SessionChannel): number;
}

/** The channel of the consumer of that queue. */
export interface ReplyChannel {
  readonly channel: SessionChannel;
  publishing: ReplyPublishing | undefined;
  /** It cannot be used for anything else later. */
  mustClose: boolean;
  /** Returns the channel when it is no longer needed. */
  freeWhenDone(): void;
}

/** The consumer of that queue, as far as subscriptions know it. */
export interface ReplyConsumers {
  /** @throws {UsageError} for a consumer of that name that RabbitMQ would refuse, and for a second one. */
  checkConsumer(consumer: Consumer): void;
  /** A consumer is being started. */
  started(consumer: Consumer): void;
  /** Its consume is sent on that channel. */
  subscribed(consumer: Consumer, consumerTag: string, on: ReplyChannel): void;
  /** A consumer has ended. */
  gone(consumer: Consumer): void;
  /** The publishes have lost their channel. */
  channelClosed(): void;
}
