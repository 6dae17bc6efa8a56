/** Streams over AMQP 0-9-1: read from any offset and by many, with acks for credit. RabbitMQ 3.9 and later. */
import { AmqpNotImplemented, Client, PreconditionFailed } from '@puka/client';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue } = scene();
const stream = { durable: true, arguments: { 'x-queue-type': 'stream' } };

/** So many messages of a stream, from an offset on: `offset text` each. */
async function read(queue: string, from: string | number | Date, count: number): Promise<string[]> {
  const seen: string[] = [];
  const table = { 'x-stream-offset': from };
  // Fewer at a time than there are, so that the rest comes for acks alone.
  for await (const message of client.basicConsume({ queue, prefetchCount: 7, arguments: table })) {
    seen.push(`${String(message.headers['x-stream-offset'])} ${message.text()}`);
    message.ack();
    if (seen.length === count) break;
  }
  return seen;
}

describe('a stream', () => {
  const all = numbers(50).map((text) => `${text} ${text}`);

  it('is read from its beginning, as often as one likes', async () => {
    const queue = await freshQueue(50, stream);
    expect(await Promise.all([read(queue, 'first', 50), read(queue, 'first', 50)])).toEqual([all, all]);
  });

  it('is read from an offset, which is a number, and from a time, which is a Date', async () => {
    const queue = await freshQueue(50, stream);
    expect(await read(queue, 20, 30)).toEqual(all.slice(20));
    expect(await read(queue, new Date(0), 50)).toEqual(all);
  });

  it('is not read without a limit: PreconditionFailed, and nothing else suffers', async () => {
    const queue = await freshQueue(1, stream);
    await expect(client.basicConsume({ queue }).ready).rejects.toBeInstanceOf(PreconditionFailed);
    expect(await read(queue, 'first', 1)).toEqual(['0 0']);
  });

  it('is not read without acks: the broker ends the connection, and the consumer knows that it was its own fault', async () => {
    const queue = await freshQueue(1, stream);
    const own = new Client(inject('amqpUrl'));
    await own.connect();
    const ended = new Promise((resolve) => own.once('closed', resolve));
    const consumer = own.basicConsume({ queue, prefetchCount: 1, noAck: true });
    await expect(consumer.ready).rejects.toBeInstanceOf(AmqpNotImplemented);
    await expect(consumer.ready).rejects.toMatchObject({
      replyCode: 540,
      method: 'basic.consume',
      scope: 'connection',
    });
    expect(await ended).toBeInstanceOf(AmqpNotImplemented);
  });
});
