/** Consumes a queue for as long as it is wanted, over as many connections as that takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, ConnectionBroken, type Consumer, type Message } from '@puka/client';

/** Resolves when it consumes; what it gives ends it. A message is acked once it has been handled. */
export async function keepConsuming(
  url: string,
  queue: string,
  handle: (message: Message) => void,
): Promise<AsyncDisposable> {
  const client = new Client(url);
  const consume = async (): Promise<Consumer> => {
    await client.connect();
    await client.queueDeclare({ queue, durable: true });
    const consumer = client.basicConsume({ queue, prefetchCount: 10 });
    await consumer.ready;
    return consumer;
  };
  let consumer = await consume();
  let isOver = false;
  const run = async (): Promise<void> => {
    while (!isOver) {
      try {
        for await (const message of consumer) {
          handle(message);
          message.ack();
        }
      } catch (error) {
        if (!(error instanceof ConnectionBroken)) throw error;
        consumer = await again();
      }
    }
  };
  const again = async (): Promise<Consumer> => {
    for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 30_000)) {
      try {
        return await consume();
      } catch (error) {
        if (isOver || !(error instanceof ConnectionBroken)) throw error;
        await sleep(Math.random() * waitMs);
      }
    }
  };
  const running = run();
  return {
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await client.shutdown();
      await running;
    },
  };
}
