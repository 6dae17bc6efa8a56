/** Connects and publishes one persistent message; see `programs.ts`. */
import { AMQPClient } from '@cloudamqp/amqp-client';

export async function publishOne(url: string, queue: string): Promise<() => Promise<unknown>> {
  const connection = await new AMQPClient(url).connect();
  const channel = await connection.channel();
  await channel.confirmSelect();
  await channel.basicPublish('', queue, 'hello', { deliveryMode: 2 });
  return () => connection.close();
}
