/**
 * The channel of one `basicGet`: lent until the message, if there is one to be acked, is settled.
 * Must not choose channels.
 */
import type { PukaError } from '@puka/errors';
import type { Method } from '@puka/wire';
import { readDeliveryTag } from './delivery-tag.ts';
import { Message } from './message.ts';
import type { Operation } from './operation.ts';
import type { ChannelSink, ReceivedContent, SessionChannel } from './session/index.ts';

/** The sink of that channel. */
export class GetChannel implements ChannelSink {
  private readonly channel: SessionChannel;
  private readonly queue: string;
  private readonly noAck: boolean;
  private readonly operation: Operation<Message | null>;
  private done: (() => void) | undefined;

  /** @param done gives the channel back. */
  constructor(
    channel: SessionChannel,
    queue: string,
    noAck: boolean,
    operation: Operation<Message | null>,
    done: () => void,
  ) {
    this.channel = channel;
    this.queue = queue;
    this.noAck = noAck;
    this.operation = operation;
    this.done = done;
  }

  /** The message. One that nobody waits for any more goes back to its queue. */
  content(content: ReceivedContent): void {
    if (content.kind !== 'get-ok') return;
    const deliveryTag = readDeliveryTag(content);
    this.channel.noteDelivery(deliveryTag, !this.noAck);
    if (this.operation.state !== 'pending') {
      if (!this.noAck) this.channel.nack(deliveryTag, true);
      return;
    }
    this.operation.fulfil(new Message(content, deliveryTag, this.queue, undefined, this.noAck ? undefined : this));
  }

  /** The get is answered: by the message before, by `basic.get-empty`, or by an error. */
  answered(reply: Method | undefined, error: PukaError | undefined): void {
    if (error !== undefined) this.operation.reject(error);
    else if (reply !== undefined) this.operation.fulfil(null);
    this.giveBack();
  }

  confirmed(): void {}

  consumerCancelled(): void {}

  closed(): void {
    this.giveBack();
  }

  /** Settles for the message. */
  ack(deliveryTag: number): boolean {
    return this.settled(this.channel.ack(deliveryTag));
  }

  /** Settles for the message. */
  reject(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(this.channel.reject(deliveryTag, requeue));
  }

  /** Settles for the message. */
  nack(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(this.channel.nack(deliveryTag, requeue));
  }

  private settled(result: boolean): boolean {
    this.giveBack();
    return result;
  }

  /** A channel with an unsettled message serves nobody else: an error there would send the message round again. */
  private giveBack(): void {
    if (this.channel.isUsable && this.channel.unsettledDeliveries > 0) return;
    this.done?.();
    this.done = undefined;
  }
}
