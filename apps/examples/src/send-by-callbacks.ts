/** Sends a message by callbacks alone: each gets `(error, result, promise)`, and starts what comes next. */
import { Client } from '@puka/client';
import type { Program } from './program.ts';

export const sendByCallbacks: Program = async (url, print, [queue = 'examples', body = 'Hello, world!']) => {
  const client = new Client(url);
  const give = (error: unknown): void => {
    print(`failed: ${String(error)}`);
    client.close();
  };

  client.connect((error) => {
    if (error) return give(error);
    client.queueDeclare({ queue, durable: true }, (refused, declared) => {
      if (declared === undefined) return give(refused);
      print(`the queue holds ${declared.messageCount}`);
      client.basicPublish({ routingKey: queue, body }, (lost) => {
        if (lost) return give(lost);
        print(`sent: ${body}`);
        client.close();
      });
    });
  });
  await client.loop();
};
