/** rabbitmq-client by its low-level channel for publishing and its consumer for consuming. */
import { Connection } from 'rabbitmq-client';
import { type BenchClient, prefetchCount, windowSize } from '../job.ts';

export async function connect(url: string): Promise<BenchClient> {
  const connection = new Connection(url);
  await connection.onConnect();
  const channel = await connection.acquire();
  return {
    publish: async ({ queue, count, size }) => {
      await channel.confirmSelect();
      const body = Buffer.alloc(size);
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
            channel.basicPublish(queue, body).then(done, reject);
          }
        };
        fill();
      });
    },
    consume: async ({ queue, count, mode }) => {
      const noAck = mode === 'consume-no-ack';
      if (!noAck) await channel.basicQos({ prefetchCount });
      let left = count;
      await new Promise<void>((resolve, reject) => {
        channel
          .basicConsume({ queue, noAck }, (message) => {
            if (!noAck) channel.basicAck({ deliveryTag: message.deliveryTag });
            if (--left === 0) resolve();
          })
          .catch(reject);
      });
    },
    close: async () => {
      await channel.close();
      await connection.close();
    },
  };
}
