import {
  AccessRefused,
  Client,
  ConnectionBroken,
  PreconditionFailed,
  PublishNacked,
  ResourceLocked,
} from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const client = new Client(url);
const other = new Client(url);

beforeAll(async () => {
  await Promise.all([client.connect(), other.connect()]);
});

afterAll(async () => {
  await Promise.all([client.close(), other.close()]);
});

describe('refusals', () => {
  it('405: an exclusive queue of another connection', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    await expect(other.queueDeclare({ queue, passive: true })).rejects.toBeInstanceOf(ResourceLocked);
    await expect(other.basicGet({ queue })).rejects.toMatchObject({ replyCode: 405, method: 'basic.get' });
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(0);
  });

  it('403: a name of the broker’s own, and a second exclusive consumer', async () => {
    await expect(client.queueDeclare({ queue: 'amq.mine', durable: true })).rejects.toBeInstanceOf(AccessRefused);
    const { queue } = await client.queueDeclare({ exclusive: true });
    const first = client.basicConsume({ queue, exclusive: true });
    await first.ready;
    await expect(client.basicConsume({ queue, exclusive: true }).ready).rejects.toBeInstanceOf(AccessRefused);
    await first.cancel();
  });

  it('404: a get, a bind and a purge of what is not there', async () => {
    const queue = uniqueName('nowhere');
    const calls = [
      client.basicGet({ queue }),
      client.queueBind({ queue, exchange: 'amq.direct' }),
      client.queuePurge({ queue }),
    ];
    for (const { status, ...rest } of await Promise.allSettled(calls)) {
      expect(status).toBe('rejected');
      expect(rest).toMatchObject({ reason: { code: 'NOT_FOUND', scope: 'channel', outcome: 'refused' } });
    }
  });

  it('406: deleting a queue that must be empty and is not', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.basicPublish({ routingKey: queue, body: 'x' });
    await expect(client.queueDelete({ queue, ifEmpty: true })).rejects.toBeInstanceOf(PreconditionFailed);
  });

  it('406: a foreign user id fails its publish alone', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        client.basicPublish({ routingKey: queue, body: `${index}`, ...(index === 37 ? { userId: 'somebody' } : {}) }),
      ),
    );
    expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([37]);
    expect(outcomes[37]).toMatchObject({ reason: { code: 'PRECONDITION_FAILED' } });
  });

  it('nacks: a full queue that rejects publishes', async () => {
    const { queue } = await client.queueDeclare({
      exclusive: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    await client.basicPublish({ routingKey: queue, body: 'fits' });
    await expect(client.basicPublish({ routingKey: queue, body: 'does not' })).rejects.toBeInstanceOf(PublishNacked);
  });
});

describe('through a faulty network', () => {
  const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };

  it('brings bodies through a line of single bytes', async () => {
    await using proxy = await faultProxy({ target });
    const through = new Client(`amqp://${proxy.host}:${proxy.port}`, { recover: false, frameMax: 8192 });
    await through.connect();
    proxy.split(1, 'serverToClient');
    const { queue } = await through.queueDeclare({ exclusive: true });
    // None, one, all that fits one frame, and one more.
    for (const size of [0, 1, 8184, 8185]) {
      const body = new Uint8Array(size).map((_, index) => index * 7);
      await through.basicPublish({ routingKey: queue, body });
      const message = await through.basicGet({ queue, noAck: true });
      expect(message?.body).toEqual(body);
    }
    await through.close();
  });

  it('settles everything when the connection is reset', async () => {
    await using proxy = await faultProxy({ target });
    const through = new Client(`amqp://${proxy.host}:${proxy.port}`, { recover: false });
    await through.connect();
    const { queue } = await through.queueDeclare({ exclusive: true });
    const consumer = through.basicConsume({ queue });
    await consumer.ready;
    const next = consumer[Symbol.asyncIterator]().next();
    const publish = through.basicPublish({ routingKey: queue, body: 'x' });
    const get = through.basicGet({ queue });
    proxy.reset();
    const outcomes = await Promise.allSettled([next, publish, get]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected' });
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(ConnectionBroken);
    }
    await through.close();
  });
});
