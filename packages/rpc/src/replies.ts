/** Where replies come to. A strategy can be put in its place. Must not know what a reply is about. */
import type { Client, Message } from '@puka/client';

/** An address that servers can answer to. */
export interface ReplyAddress {
  /** The current `replyTo` of requests. */
  readonly replyTo: string;
  /** Whether replies still come there. */
  readonly isOpen: boolean;
  /** Ends it. */
  close(): Promise<void>;
}

/** Who gets the replies. */
export interface ReplyReceiver {
  /** The correlation ids of its calls begin with this and a dot. */
  readonly id: string;
  /** A reply has come. */
  reply(message: Message): void;
  /** The connection is open, but replies to what has been sent so far will not come any more. */
  lost(error: unknown): void;
}

/** Makes such an address, over a client that is connected. */
export type ReplyStrategy = (client: Client, receiver: ReplyReceiver) => Promise<ReplyAddress>;

/** A queue of its own, exclusive and named by the broker: gone with the connection. */
export const replyQueue: ReplyStrategy = async (client, receiver) => {
  const declared = await client.queueDeclare({ exclusive: true });
  // Without a consumer its replies would never be read, and the next address uses a new queue.
  const abandon = (): void => void client.queueDelete({ queue: declared.queue }).catch(() => {}); // It is deleted already.
  const consumer = client.basicConsume({ queue: declared.queue, noAck: true }, (error, reply) => {
    if (reply !== undefined) receiver.reply(reply);
    else if (error !== undefined) {
      abandon();
      receiver.lost(error);
    }
  });
  await consumer.ready;
  return {
    // Read anew each time: after a recovered connection the broker may have named it otherwise.
    get replyTo() {
      return declared.queue;
    },
    get isOpen() {
      return !consumer.isEnded;
    },
    async close() {
      if (consumer.isEnded) return;
      await consumer.cancel();
      await client.queueDelete({ queue: declared.queue });
    },
  };
};
