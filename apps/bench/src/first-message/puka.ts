/** Connects and publishes one persistent message; see `programs.ts`. */
import { Client } from '@puka/client';

export async function publishOne(url: string, queue: string): Promise<() => Promise<unknown>> {
  const client = new Client(url);
  await client.connect();
  await client.basicPublish({ routingKey: queue, body: 'hello' });
  return () => client.close();
}
