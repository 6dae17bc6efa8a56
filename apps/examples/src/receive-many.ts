/** Takes messages as they come; leaving the loop ends the consumer, and what was not handed out goes back to the queue. */
import { Client } from '@puka/client';
import type { Program } from './program.ts';

export const receiveMany: Program = async (url, print, [queue = 'examples', count = 'all']) => {
  await using client = new Client(url);
  await client.connect();
  await client.queueDeclare({ queue, durable: true });

  let left = count === 'all' ? Number.POSITIVE_INFINITY : Number(count);
  for await (const message of client.basicConsume({ queue, prefetchCount: 10 })) {
    print(`received: ${message.text()}`);
    message.ack();
    if (--left === 0) break;
  }
};
