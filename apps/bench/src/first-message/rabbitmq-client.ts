/** Connects and publishes one persistent message; see `programs.ts`. */
import { Connection } from 'rabbitmq-client';

export async function publishOne(url: string, queue: string): Promise<() => Promise<unknown>> {
  const connection = new Connection(url);
  const publisher = connection.createPublisher({ confirm: true });
  await publisher.send({ routingKey: queue, durable: true }, 'hello');
  return async () => {
    await publisher.close();
    await connection.close();
  };
}
