/** RabbitMQ's direct reply-to: requests and replies without a queue of their own. */
import { UsageError } from '@puka/client';
import { describe, expect, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, another } = scene();
const replyQueue = 'amq.rabbitmq.reply-to';

describe('direct reply-to', () => {
  it('brings the replies of all that answer, each with its correlation id', async () => {
    const queue = await freshQueue();
    const server = await another();
    server.basicConsume({ queue, noAck: true }, (_error, message) => {
      if (message === undefined) return;
      const { replyTo: routingKey = '', correlationId } = message;
      server.basicPublish({ routingKey, correlationId, body: `re: ${message.text()}` });
    });
    const consumer = client.basicConsume({ queue: replyQueue, noAck: true });
    const requests = numbers(50).map((body) =>
      client.basicPublish({ routingKey: queue, body, replyTo: replyQueue, correlationId: body, mandatory: true }),
    );
    await Promise.all(requests);
    const seen: string[] = [];
    for await (const message of consumer) {
      seen.push(`${message.correlationId} ${message.text()}`);
      if (seen.length === 50) break;
    }
    expect(seen.sort()).toEqual(
      numbers(50)
        .map((text) => `${text} re: ${text}`)
        .sort(),
    );
    await expect(client.basicPublish({ routingKey: queue, replyTo: replyQueue })).rejects.toBeInstanceOf(UsageError);
    await client.queueDeclare({ queue, passive: true });
  });

  it('returns a request that no queue takes, and goes on', async () => {
    const own = await another();
    const consumer = own.basicConsume({ queue: replyQueue, noAck: true });
    const lost = own.basicPublish({ routingKey: 'no such queue', replyTo: replyQueue, mandatory: true });
    await expect(lost).rejects.toMatchObject({ code: 'NO_ROUTE' });
    await expect(lost).rejects.toThrow("routing key 'no such queue'");
    await own.basicPublish({ routingKey: 'no such queue', replyTo: replyQueue });
    expect(consumer.isEnded).toBe(false);
    await own.shutdown();
  });
});
