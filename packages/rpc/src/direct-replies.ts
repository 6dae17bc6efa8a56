/**
 * Replies over RabbitMQ's direct reply-to: no queue, but a channel that replies are sent straight to. A client has one consumer of
 * it, so all callers of a client share that. Must not know what a reply is about.
 */
import type { Client, Consumer, Message } from '@puka/client';
import { NotFound, UsageError } from '@puka/errors';
import { type ReplyAddress, type ReplyReceiver, type ReplyStrategy, replyQueue } from './replies.ts';
import { directReplyTo } from './wire-format.ts';

/** The consumer of a client, and the callers that get replies from it. */
class SharedConsumer {
  /** When it is gone. `undefined` while it is in use. */
  leaving: Promise<void> | undefined = undefined;
  readonly ready: Promise<unknown>;
  private readonly client: Client;
  private readonly consumer: Consumer;
  private readonly receivers = new Map<string, ReplyReceiver>();

  constructor(client: Client) {
    this.client = client;
    this.consumer = client.basicConsume({ queue: directReplyTo, noAck: true }, (error, reply) => {
      if (reply === undefined) this.ended(error);
      else this.receive(reply);
    });
    this.ready = this.consumer.ready;
    client.on('interrupted', this.interrupted);
  }

  get isOpen(): boolean {
    return this.leaving === undefined && !this.consumer.isEnded;
  }

  add(receiver: ReplyReceiver): void {
    this.receivers.set(receiver.id, receiver);
  }

  /** The last one takes the consumer with it. */
  async remove(receiver: ReplyReceiver): Promise<void> {
    this.receivers.delete(receiver.id);
    if (this.receivers.size > 0 || !this.isOpen) return;
    this.leaving = this.consumer.cancel().then(noReply, noReply); // Gone with its connection is gone as well.
    await this.leaving;
    this.ended(undefined);
  }

  /** All replies to come to what has been sent so far are lost. */
  lost(error: unknown): void {
    for (const receiver of [...this.receivers.values()]) receiver.lost(error);
  }

  private receive(reply: Message): void {
    const { correlationId = '' } = reply;
    this.receivers.get(correlationId.slice(0, correlationId.lastIndexOf('.')))?.reply(reply);
  }

  private readonly interrupted = (error: unknown, whose: Consumer): void => {
    if (whose === this.consumer) this.lost(error);
  };

  /** To be called when the consumer has ended. A second call does nothing. */
  ended(error: unknown): void {
    this.client.off('interrupted', this.interrupted);
    if (consumers.get(this.client) === this) consumers.delete(this.client);
    if (error !== undefined) this.lost(error);
  }
}

const consumers = new WeakMap<Client, SharedConsumer>();

function noReply(): void {}

/**
 * RabbitMQ's direct reply-to. Replies need no queue: nothing is declared, and a reply is not kept. All callers of a client share one
 * consumer. If the program has its own consumer of `amq.rabbitmq.reply-to`, or the broker has no direct reply-to, it is `replyQueue`.
 */
export const directReplies: ReplyStrategy = async (client, receiver) => {
  for (;;) {
    const known = consumers.get(client);
    if (known?.leaving !== undefined) {
      await known.leaving;
      continue;
    }
    // A consumer that ended with its client does not report its end.
    if (known?.isOpen === false) known.ended(undefined);
    const shared = known?.isOpen === true ? known : new SharedConsumer(client);
    consumers.set(client, shared);
    shared.add(receiver);
    try {
      await shared.ready;
      return addressOf(shared, receiver);
    } catch (error) {
      if (error instanceof UsageError || error instanceof NotFound) return replyQueue(client, receiver);
      throw error;
    }
  }
};

function addressOf(shared: SharedConsumer, receiver: ReplyReceiver): ReplyAddress {
  return {
    replyTo: directReplyTo,
    get isOpen() {
      return shared.isOpen;
    },
    close: () => shared.remove(receiver),
  };
}
