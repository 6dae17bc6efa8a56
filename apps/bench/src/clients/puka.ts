/** This client, by callbacks. */
import { Client } from '@puka/client';
import { type BenchClient, prefetchCount, windowSize } from '../job.ts';

export async function connect(url: string): Promise<BenchClient> {
  const client = new Client(url);
  await client.connect();
  return {
    publish: ({ queue, count, size }) =>
      new Promise((resolve, reject) => {
        const options = { routingKey: queue, body: new Uint8Array(size) };
        let sent = 0;
        let confirmed = 0;
        const done = (error: unknown): void => {
          if (error !== undefined) reject(error);
          if (++confirmed === count) resolve();
          fill();
        };
        const fill = (): void => {
          while (sent < count && sent - confirmed < windowSize) {
            sent++;
            client.basicPublish(options, done);
          }
        };
        fill();
      }),
    consume: ({ queue, count, mode }) =>
      new Promise((resolve, reject) => {
        let left = count;
        const noAck = mode === 'consume-no-ack';
        client.basicConsume({ queue, noAck, prefetchCount: noAck ? 0 : prefetchCount }, (error, message) => {
          if (message === undefined) {
            reject(error);
            return;
          }
          if (!noAck) message.ack();
          if (--left === 0) resolve();
        });
      }),
    close: async () => {
      await client.close();
    },
  };
}
