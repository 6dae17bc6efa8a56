/** Consumes a queue until it is disposed. The client connects again by itself, and its consumer goes on. */
import { Client, type Message } from '@puka/client';

/** Resolves when it consumes; disposing of the result ends it. A message is acked once it has been handled. */
export async function keepConsuming(
  url: string,
  queue: string,
  handle: (message: Message) => void,
): Promise<AsyncDisposable> {
  const client = new Client(url, { recover: { minDelay: 50 } });
  await client.connect();
  await client.queueDeclare({ queue, durable: true });
  const consumer = client.basicConsume({ queue, prefetchCount: 10 });
  await consumer.ready;
  const consuming = (async () => {
    for await (const message of consumer) {
      handle(message);
      message.ack();
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      await client.shutdown();
      await consuming;
    },
  };
}
