/** @cloudamqp/amqp-client by its channel. */
import { AMQPClient } from '@cloudamqp/amqp-client';
import { type BenchClient, prefetchCount, windowSize } from '../job.ts';

export async function connect(url: string): Promise<BenchClient> {
  const client = new AMQPClient(url);
  const connection = await client.connect();
  const channel = await connection.channel();
  return {
    publish: async ({ queue, count, size }) => {
      await channel.confirmSelect();
      const body = new Uint8Array(size);
      await new Promise<void>((resolve, reject) => {
        let sent = 0;
        let confirmed = 0;
        const done = (): void => {
          if (++confirmed === count) resolve();
          fill();
        };
        const fill = (): void => {
          while (sent < count && sent - confirmed < windowSize) {
            sent++;
            channel.basicPublish('', queue, body).then(done, reject);
          }
        };
        fill();
      });
    },
    consume: async ({ queue, count, mode }) => {
      const noAck = mode === 'consume-no-ack';
      if (!noAck) await channel.prefetch(prefetchCount);
      let left = count;
      await new Promise<void>((resolve, reject) => {
        channel
          .basicConsume(queue, { noAck }, (message) => {
            if (!noAck) void message.ack();
            if (--left === 0) resolve();
          })
          .catch(reject);
      });
    },
    close: async () => {
      await connection.close();
    },
  };
}
