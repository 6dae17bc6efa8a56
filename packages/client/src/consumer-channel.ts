/**
 * The channel of one consumer: turns what arrives into messages, and ends the consumer when the channel or the broker
 * does. Must not choose channels or options.
 */
import { ConnectionBroken, ConsumerCancelled, type PukaError } from '@puka/errors';
import type { Consumer } from './consumer.ts';
import { readDeliveryTag } from './delivery-tag.ts';
import { Message } from './message.ts';
import type { ChannelSink, ReceivedContent, SessionChannel } from './session/index.ts';

/** What it needs of its client. */
export interface ConsumerChannelHost {
  /** Bytes that are received and not handed out. */
  messageArrived(message: Message): void;
  /** Nothing more happens here. */
  consumerChannelDone(consumer: Consumer): void;
}

/** The sink of a consumer's channel. */
export class ConsumerChannel implements ChannelSink {
  readonly consumer: Consumer;
  readonly channel: SessionChannel;
  private readonly host: ConsumerChannelHost;

  constructor(consumer: Consumer, channel: SessionChannel, host: ConsumerChannelHost) {
    this.consumer = consumer;
    this.channel = channel;
    this.host = host;
  }

  /** A delivery: handed on, or back to its queue once a cancel is under way. */
  content(content: ReceivedContent): void {
    if (content.kind !== 'deliver') return;
    const { consumer, channel } = this;
    const deliveryTag = readDeliveryTag(content);
    channel.noteDelivery(deliveryTag, !consumer.noAck);
    if (consumer.isCancelling && !consumer.noAck) {
      channel.nack(deliveryTag, true);
      return;
    }
    const settlement = consumer.noAck ? undefined : this;
    const message = new Message(content, deliveryTag, consumer.queue, consumer.consumerTag, settlement);
    this.host.messageArrived(message);
    consumer.push(message);
  }

  /** No publish goes over this channel. */
  confirmed(): void {}

  /** RabbitMQ extension: the queue is gone, or the right to read it. */
  consumerCancelled(consumerTag: string): void {
    const { queue } = this.consumer;
    const error = new ConsumerCancelled(`the broker cancelled the consumer of queue '${queue}'`, {
      queue,
      consumerTag,
      method: 'basic.consume',
    });
    const unanswered = this.channel.forgetConsume(consumerTag);
    this.consumer.isCancelling = true;
    this.consumer.end(error);
    unanswered?.(undefined, error);
    this.closeWhenDone();
  }

  /** The channel is gone, and with it every right to settle: the broker delivers again what was not settled. */
  closed(error: PukaError | undefined): void {
    if (!this.consumer.noAck) this.consumer.takeWaiting();
    this.consumer.end(
      error === undefined || this.consumer.isCancelling ? undefined : broken(error, this.consumer.queue),
    );
    this.host.consumerChannelDone(this.consumer);
  }

  /** Settles for a message. */
  ack(deliveryTag: number): boolean {
    const done = this.channel.ack(deliveryTag);
    this.closeWhenDone();
    return done;
  }

  /** Settles for a message. */
  reject(deliveryTag: number, requeue: boolean): boolean {
    const done = this.channel.reject(deliveryTag, requeue);
    this.closeWhenDone();
    return done;
  }

  /** Settles for a message. */
  nack(deliveryTag: number, requeue: boolean): boolean {
    const done = this.channel.nack(deliveryTag, requeue);
    this.closeWhenDone();
    return done;
  }

  /** An ended consumer's channel lives until the last of its messages is settled. */
  closeWhenDone(): void {
    if (this.consumer.isEnded && this.channel.unsettledDeliveries === 0) this.channel.close();
  }
}

function broken(error: PukaError, queue: string): PukaError {
  if (error.scope !== 'connection' || error instanceof ConnectionBroken) return error;
  return new ConnectionBroken(`the connection ended under the consumer of queue '${queue}'`, {
    method: 'basic.consume',
    cause: error,
  });
}
