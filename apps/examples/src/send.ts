/** Sends one message to a queue, and knows that the broker has it. */
import { Client } from '@puka/client';
import type { Program } from './program.ts';

export const send: Program = async (url, print, [queue = 'examples', body = 'Hello, world!']) => {
  await using client = new Client(url);
  await client.connect();
  await client.queueDeclare({ queue, durable: true });
  await client.basicPublish({ routingKey: queue, body });
  print(`sent: ${body}`);
};
