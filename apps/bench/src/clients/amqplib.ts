/** amqplib by its callback-free API: a confirm channel, `publish` with a callback. */
import amqplib from 'amqplib';
import { type BenchClient, prefetchCount, windowSize } from '../job.ts';

export async function connect(url: string): Promise<BenchClient> {
  const connection = await amqplib.connect(url);
  const channel = await connection.createConfirmChannel();
  return {
    publish: ({ queue, count, size }) =>
      new Promise((resolve, reject) => {
        const body = Buffer.alloc(size);
        let sent = 0;
        let confirmed = 0;
        const done = (error: unknown): void => {
          if (error) reject(error);
          if (++confirmed === count) resolve();
          fill();
        };
        const fill = (): void => {
          while (sent < count && sent - confirmed < windowSize) {
            sent++;
            channel.publish('', queue, body, {}, done);
          }
        };
        fill();
      }),
    consume: async ({ queue, count, mode }) => {
      const noAck = mode === 'consume-no-ack';
      if (!noAck) await channel.prefetch(prefetchCount);
      let left = count;
      await new Promise<void>((resolve, reject) => {
        channel
          .consume(
            queue,
            (message) => {
              if (message === null) return;
              if (!noAck) channel.ack(message);
              if (--left === 0) resolve();
            },
            { noAck },
          )
          .catch(reject);
      });
    },
    close: () => connection.close(),
  };
}
