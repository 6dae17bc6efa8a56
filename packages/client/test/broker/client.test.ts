import { Client, NoRoute, NotFound, PreconditionFailed, UsageError } from '@puka/client';
import { isAtLeast, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const client = new Client(url);
const queues: string[] = [];
const mebibyte = 1_048_576;
/** RabbitMQ: max_message_size is 16 MiB by default since 4.0, and was 128. */
const isLimitedTo16 = isAtLeast(inject('brokerVersion'), '4.0');

function freshQueue(): string {
  const queue = uniqueName('client');
  queues.push(queue);
  return queue;
}

beforeAll(async () => {
  await client.connect();
});

afterAll(async () => {
  await Promise.all(queues.map((queue) => client.queueDelete({ queue })));
  await client.close();
});

describe('queues', () => {
  it('declares, purges and deletes', async () => {
    const queue = freshQueue();
    expect(await client.queueDeclare({ queue, durable: true })).toEqual({ queue, messageCount: 0, consumerCount: 0 });
    await client.basicPublish({ routingKey: queue, body: 'one' });
    await client.basicPublish({ routingKey: queue, body: 'two' });
    expect(await client.queuePurge({ queue })).toEqual({ messageCount: 2 });
    await client.basicPublish({ routingKey: queue, body: 'three' });
    expect(await client.queueDelete({ queue })).toEqual({ messageCount: 1 });
  });

  it('gives a server-named queue its name', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    expect(queue).toMatch(/^amq\.gen-/);
  });

  it('fails a redeclare with other flags and nothing else', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    const other = freshQueue();
    const [refused, made] = await Promise.allSettled([
      client.queueDeclare({ queue, durable: false }),
      client.queueDeclare({ queue: other, durable: true }),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'PRECONDITION_FAILED', replyCode: 406 } });
    expect((refused as PromiseRejectedResult).reason).toBeInstanceOf(PreconditionFailed);
    expect(made).toMatchObject({ status: 'fulfilled' });
  });

  it('rejects a passive declare of what is not there', async () => {
    await expect(client.queueDeclare({ queue: uniqueName('nowhere'), passive: true })).rejects.toBeInstanceOf(NotFound);
  });

  it('refuses an empty queue name', async () => {
    await expect(client.queuePurge({ queue: '' })).rejects.toBeInstanceOf(UsageError);
  });
});

describe('exchanges', () => {
  it('routes by a binding until it is taken away', async () => {
    const queue = freshQueue();
    const exchange = uniqueName('exchange');
    await client.queueDeclare({ queue, durable: true });
    await client.exchangeDeclare({ exchange, type: 'topic' });
    await client.queueBind({ queue, exchange, routingKey: 'a.*' });
    await client.basicPublish({ exchange, routingKey: 'a.b', body: 'routed', mandatory: true });
    await client.queueUnbind({ queue, exchange, routingKey: 'a.*' });
    await expect(
      client.basicPublish({ exchange, routingKey: 'a.b', body: 'lost', mandatory: true }),
    ).rejects.toBeInstanceOf(NoRoute);
    const message = await client.basicGet({ queue, noAck: true });
    expect(message?.text()).toBe('routed');
    expect(message?.exchange).toBe(exchange);
    expect(message?.routingKey).toBe('a.b');
    await client.exchangeDelete({ exchange });
  });
});

describe('publishing', () => {
  it('fails only the publishes to a missing exchange and confirms the others', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    const missing = uniqueName('missing');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1000 }, (_, index) =>
        client.basicPublish({ exchange: index === 400 ? missing : '', routingKey: queue, body: `${index}` }),
      ),
    );
    const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
    expect(failed).toEqual([400]);
    const { messageCount } = await client.queueDeclare({ queue, passive: true });
    expect(messageCount).toBeGreaterThanOrEqual(999);
  });

  it('fails every publish to a missing exchange and no other', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    const missing = uniqueName('missing');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        client.basicPublish({ exchange: index % 10 === 0 ? missing : '', routingKey: queue, body: `${index}` }),
      ),
    );
    const failed = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : []));
    expect(failed).toEqual([0, 10, 20, 30, 40, 50]);
  });

  it('refuses a malformed expiration at the call', async () => {
    for (const expiration of ['1.5', '315360000001']) {
      await expect(client.basicPublish({ routingKey: 'x', expiration })).rejects.toBeInstanceOf(UsageError);
    }
    // The longest that the broker takes.
    await client.basicPublish({ routingKey: 'x', expiration: '315360000000' });
  });

  it('brings bodies of every size round', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    const { frameMax } = await client.connect();
    const sizes = [0, 1, (isLimitedTo16 ? 16 : 20) * mebibyte, mebibyte];
    for (let size = frameMax - 9; size <= frameMax + 9; size++) sizes.push(size);
    for (const size of sizes) {
      const body = new Uint8Array(size).map((_, index) => index * 31);
      await client.basicPublish({ routingKey: queue, body });
      const message = await client.basicGet({ queue, noAck: true });
      expect(message?.body.length).toBe(size);
      expect(Buffer.compare(message?.body ?? new Uint8Array(1), body)).toBe(0);
    }
  });

  it('rejects only the publish of a body that is too large for the broker', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const sizes = [1, 16 * mebibyte + 1, 2];
    const publishes = sizes.map((size) => client.basicPublish({ routingKey: queue, body: new Uint8Array(size) }));
    const [before, large, after] = await Promise.allSettled(publishes);
    expect([before?.status, after?.status]).toEqual(['fulfilled', 'fulfilled']);
    if (!isLimitedTo16) expect(large?.status).toBe('fulfilled');
    else {
      const reason = { code: 'PRECONDITION_FAILED', outcome: 'refused', method: 'basic.publish', scope: 'channel' };
      expect(large).toMatchObject({ status: 'rejected', reason });
    }
    const messages = await Promise.all(sizes.map(() => client.basicGet({ queue, noAck: true })));
    const found = messages.flatMap((message) => (message === null ? [] : [message.body.length]));
    expect(new Set(found)).toEqual(new Set(isLimitedTo16 ? [1, 2] : sizes));
  });
});

describe('consuming', () => {
  it('delivers messages to a for-await loop, and cancels when it is left', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    for (let index = 0; index < 20; index++) void client.basicPublish({ routingKey: queue, body: `${index}` });
    const seen: string[] = [];
    for await (const message of client.basicConsume({ queue, prefetchCount: 4 })) {
      seen.push(message.text());
      message.ack();
      if (seen.length === 10) break;
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`));
    const again = await client.basicGet({ queue, noAck: true });
    expect(again?.text()).toBe('10');
  });

  it('delivers messages to a callback', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    const texts = new Promise<string[]>((resolve) => {
      const seen: string[] = [];
      client.basicConsume({ queue, prefetchCount: 100 }, (_error, message) => {
        if (message === undefined) return;
        seen.push(message.text());
        message.ack();
        if (seen.length === 500) resolve(seen);
      });
    });
    for (let index = 0; index < 500; index++) void client.basicPublish({ routingKey: queue, body: `${index}` });
    expect(await texts).toEqual(Array.from({ length: 500 }, (_, index) => `${index}`));
  });

  it('rejects ready and ends the loop for a queue that is not there', async () => {
    const consumer = client.basicConsume({ queue: uniqueName('nowhere') });
    await expect(consumer.ready).rejects.toBeInstanceOf(NotFound);
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(NotFound);
  });

  it('ends the consumer with an error when its queue is deleted', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    const consumer = client.basicConsume({ queue });
    await consumer.ready;
    await client.queueDelete({ queue });
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue });
  });
});

describe('settling', () => {
  it('refuses a second ack and keeps the connection', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    await client.basicPublish({ routingKey: queue, body: 'x' });
    const message = await client.basicGet({ queue });
    expect(message?.ack()).toBe(true);
    expect(() => message?.ack()).toThrow(UsageError);
    expect(await client.basicGet({ queue })).toBeNull();
  });

  it('requeues what is rejected', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    await client.basicPublish({ routingKey: queue, body: 'x' });
    const first = await client.basicGet({ queue });
    if (first !== null) client.basicReject(first);
    const second = await client.basicGet({ queue });
    expect(second?.redelivered).toBe(true);
    if (second !== null) client.basicNack(second, { requeue: false });
    expect(await client.basicGet({ queue })).toBeNull();
  });
});
