/**
 * What `by-worker.ts` does, by hand over amqplib: so many at a time, retries whose delays the broker keeps, dead letters, a stop that
 * waits. It is there to be compared, and is tested as ours is; the README lists what it still lacks.
 */
import amqplib, { type ConfirmChannel, type ConsumeMessage } from 'amqplib';

import type { JobPlan, Started } from './by-worker.ts';

/** Starts it. Its connection is not made again when it is lost. */
export async function startByAmqplib(
  url: string,
  { queue, concurrency, attempts, delays }: JobPlan,
  handler: (text: string, attempt: number) => Promise<void>,
): Promise<Started> {
  const connection = await amqplib.connect(url);
  const channel: ConfirmChannel = await connection.createConfirmChannel();
  await channel.checkQueue(queue);
  await channel.assertQueue(`${queue}.dead`, { durable: true });
  for (const delay of delays) {
    await channel.assertQueue(`${queue}.retry.${delay}`, {
      durable: true,
      messageTtl: delay,
      deadLetterExchange: '',
      deadLetterRoutingKey: queue,
      expires: delay + 3_600_000,
    });
  }
  const publish = (target: string, message: ConsumeMessage, headers: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const { contentType, correlationId, messageId, type } = message.properties;
      const options = { contentType, correlationId, messageId, type, headers, persistent: true, mandatory: true };
      channel.sendToQueue(target, message.content, options, (error) => (error ? reject(error) : resolve()));
    });
  const running = new Set<Promise<void>>();
  const run = async (message: ConsumeMessage): Promise<void> => {
    const { headers = {} } = message.properties;
    const attempt = Number(headers['x-attempts'] ?? 0) + 1;
    try {
      await handler(message.content.toString(), attempt);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const marked = { ...headers, 'x-attempts': attempt, 'x-error': text };
      const isLast = attempt >= attempts;
      const delay = delays[Math.min(attempt, delays.length) - 1];
      await publish(isLast ? `${queue}.dead` : `${queue}.retry.${delay}`, message, marked);
    }
    channel.ack(message);
  };
  await channel.prefetch(concurrency);
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) return;
    const job = run(message)
      .catch(() => channel.nack(message))
      .finally(() => running.delete(job));
    running.add(job);
  });
  return {
    async stop() {
      await channel.cancel(consumerTag);
      await Promise.all(running);
      await channel.close();
      await connection.close();
    },
  };
}
