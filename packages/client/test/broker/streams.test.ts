/** Streams over AMQP 0-9-1: read from any offset and by many, with acks for credit. RabbitMQ 3.9 and later. */
import { AmqpNotImplemented, Client, int64, PreconditionFailed, UsageError } from '@puka/client';
import { faultProxy } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { soon } from './recovery-load.ts';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, untilConsumers } = scene();
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

  describe('has its consumer ended without harm to the connection', () => {
    const table = { 'x-stream-offset': 'first' };

    /** The client still has its connection, and the stream is whole. */
    async function isUnharmed(queue: string): Promise<void> {
      expect(await read(queue, 'first', 50)).toEqual(all);
      expect(await client.queueDeclare({ queue, passive: true })).toMatchObject({ consumerCount: 0 });
    }

    it('by leaving the loop', async () => {
      const queue = await freshQueue(50, stream);
      for await (const message of client.basicConsume({ queue, prefetchCount: 10, arguments: table })) {
        message.ack();
        break;
      }
      await isUnharmed(queue);
    });

    it('by a cancel, while messages wait and one is unacked', async () => {
      const queue = await freshQueue(50, stream);
      const consumer = client.basicConsume({ queue, prefetchCount: 10, arguments: table });
      const message = await client.wait(consumer);
      await client.basicCancel(consumer);
      expect(message.ack()).toBe(true);
      await isUnharmed(queue);
    });

    it('by basicQos to less', async () => {
      const queue = await freshQueue(50, stream);
      const consumer = client.basicConsume({ queue, prefetchCount: 10, arguments: table });
      (await client.wait(consumer)).ack();
      await client.basicQos(consumer, { prefetchCount: 2 });
      (await client.wait(consumer)).ack();
      await consumer.cancel();
      await isUnharmed(queue);
    });

    it('by a signal', async () => {
      const queue = await freshQueue(50, stream);
      const controller = new AbortController();
      const { signal } = controller;
      const consumer = client.basicConsume({ queue, prefetchCount: 10, arguments: table, signal });
      (await client.wait(consumer)).ack();
      controller.abort();
      await consumer.cancel();
      await isUnharmed(queue);
    });

    it('by shutdown', async () => {
      const queue = await freshQueue(50, stream);
      const own = new Client(inject('amqpUrl'));
      await own.connect();
      const closed = new Promise((resolve) => own.once('closed', resolve));
      const consumer = own.basicConsume({ queue, prefetchCount: 10, arguments: table });
      (await own.wait(consumer)).ack();
      await own.shutdown();
      expect(await closed).toBeUndefined();
      await isUnharmed(queue);
    });

    it('by a limit of inbound bytes that the messages exceed', async () => {
      const queue = await freshQueue(50, stream);
      const own = new Client(inject('amqpUrl'), { maxInboundBytes: 1 });
      await own.connect();
      const closed = new Promise((resolve) => own.once('closed', resolve));
      for await (const message of own.basicConsume({ queue, prefetchCount: 10, arguments: table })) {
        message.ack();
        break;
      }
      await own.queueDeclare({ queue, passive: true });
      await own.close();
      expect(await closed).toBeUndefined();
      await isUnharmed(queue);
    });
  });

  it('knows acks alone: a reject or a nack is a UsageError, and the message can still be acked', async () => {
    const queue = await freshQueue(50, stream);
    const consumer = client.basicConsume({ queue, prefetchCount: 1, arguments: { 'x-stream-offset': 'first' } });
    const message = await client.wait(consumer);
    expect(() => message.reject()).toThrow(UsageError);
    expect(() => message.nack({ requeue: false })).toThrow(UsageError);
    expect(() => client.basicReject(message)).toThrow(/stream/);
    expect(message.ack()).toBe(true);
    expect((await client.wait(consumer)).text()).toBe('1');
    await consumer.cancel();
  });

  it('is not read without a limit: PreconditionFailed, and nothing else suffers', async () => {
    const queue = await freshQueue(1, stream);
    await expect(client.basicConsume({ queue }).ready).rejects.toBeInstanceOf(PreconditionFailed);
    expect(await read(queue, 'first', 1)).toEqual(['0 0']);
  });

  /** A client with a consumer that has done nothing wrong. */
  async function withBystander() {
    const own = new Client(inject('amqpUrl'), { recover: { minDelay: 10 } });
    await own.connect();
    const other = await freshQueue();
    const bystander = own.basicConsume({ queue: other });
    await bystander.ready;
    const back = new Promise((resolve) => own.once('connected', resolve));
    const isUnharmed = async (): Promise<void> => {
      await back;
      await own.basicPublish({ routingKey: other, body: 'goes on', mandatory: true });
      expect((await own.wait(bystander)).text()).toBe('goes on');
      await own.close();
    };
    return { own, isUnharmed };
  }

  it('is not read without acks: the broker ends the connection, and the consumer that it was the fault of does not come back', async () => {
    const queue = await freshQueue(1, stream);
    const { own, isUnharmed } = await withBystander();
    const consumer = own.basicConsume({ queue, prefetchCount: 1, noAck: true });
    await expect(consumer.ready).rejects.toBeInstanceOf(AmqpNotImplemented);
    await expect(consumer.ready).rejects.toMatchObject({
      replyCode: 540,
      method: 'basic.consume',
      scope: 'connection',
    });
    await isUnharmed();
  });

  it('is not purged: the broker ends the connection, and the purge alone fails', async () => {
    const queue = await freshQueue(1, stream);
    const { own, isUnharmed } = await withBystander();
    await expect(own.queuePurge({ queue })).rejects.toMatchObject({ replyCode: 540, method: 'queue.purge' });
    await isUnharmed();
  });
});

describe.each(['classic', 'quorum'])(
  'a %s queue whose messages carry the offset of a stream that they were read from',
  (type) => {
    it('is consumed again after a loss, and its messages can be rejected', async () => {
      const queue = await freshQueue(0, { durable: true, arguments: { 'x-queue-type': type } });
      const copy = (offset: number) =>
        client.basicPublish({ routingKey: queue, headers: { 'x-stream-offset': int64(offset) }, body: `${offset}` });
      await copy(7);
      const { hostname: host, port } = new URL(inject('amqpUrl'));
      await using proxy = await faultProxy({ target: { host, port: Number(port) } });
      const own = new Client(proxy.urlFor(inject('amqpUrl')), soon);
      await own.connect();
      const consumer = own.basicConsume({ queue, prefetchCount: 10 });
      expect((await own.wait(consumer)).text()).toBe('7');
      const back = new Promise((resolve) => own.once('connected', resolve));
      proxy.reset();
      await back;
      const again = await own.wait(consumer);
      expect([again.text(), again.ack()]).toEqual(['7', true]);
      await copy(8);
      const next = await own.wait(consumer);
      expect([next.text(), next.reject({ requeue: false })]).toEqual(['8', true]);
      await untilConsumers(queue, 1);
      await own.close();
    });
  },
);
