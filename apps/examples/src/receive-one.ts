/** Takes one message: waits for it like for any result, but by default no longer than a second. */
import { Client } from '@puka/client';
import type { Program } from './program.ts';

export const receiveOne: Program = async (url, print, [queue = 'examples', timeoutMs = '1000']) => {
  await using client = new Client(url);
  await client.connect();
  await client.queueDeclare({ queue, durable: true });

  const consumer = client.basicConsume({ queue, prefetchCount: 1 });
  const message = await client.wait(consumer, { timeout: Number(timeoutMs) });
  if (message === undefined) return print('nothing came');
  print(`received: ${message.text()}`);
  message.ack();
};
