/** Connects and publishes one persistent message; see `programs.ts`. */
import amqplib from 'amqplib';

export async function publishOne(url: string, queue: string): Promise<() => Promise<unknown>> {
  const connection = await amqplib.connect(url);
  const channel = await connection.createConfirmChannel();
  channel.publish('', queue, Buffer.from('hello'), { persistent: true });
  await channel.waitForConfirms();
  return () => connection.close();
}
