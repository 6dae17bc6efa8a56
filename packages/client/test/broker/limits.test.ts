/** What is bounded: channels, bytes going out, bytes coming in. */
import { Client, LimitExceeded } from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
const direct = new Client(url, { recover: false });

beforeAll(async () => {
  await direct.connect();
});

afterAll(async () => {
  await direct.close();
});

describe('many declares at once all succeed', () => {
  it.each([1000, 5000])('%i', async (count) => {
    const client = new Client(url, { recover: false });
    await client.connect();
    const prefix = uniqueName('many');
    // A hundred queues, each declared again: RabbitMQ takes its time to make one.
    const names = Array.from({ length: count }, (_, index) => `${prefix}.${index % 100}`);
    const declared = await Promise.all(names.map((queue) => client.queueDeclare({ queue, exclusive: true })));
    expect(declared.map(({ queue }) => queue)).toEqual(names);
    await client.close();
  });

  it('1000 with every tenth refused: those and no others', async () => {
    const client = new Client(url, { recover: false });
    await client.connect();
    const prefix = uniqueName('many');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1000 }, (_, index) =>
        client.queueDeclare({
          exclusive: true,
          passive: index % 10 === 3,
          queue: index % 10 === 3 ? uniqueName('nowhere') : `${prefix}.${index % 100}`,
        }),
      ),
    );
    const refused = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
    expect(refused).toEqual(Array.from({ length: 100 }, (_, index) => index * 10 + 3));
    await client.close();
  });

  it('20000 given up while they wait their turn cost nothing but themselves', async () => {
    const client = new Client(url, { recover: false });
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    const given = new AbortController();
    const declares = Array.from({ length: 20_000 }, () =>
      client.queueDeclare({ queue, passive: true, signal: given.signal }),
    );
    const outcomes = Promise.allSettled(declares);
    given.abort(new Error('enough'));
    expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toEqual([]);
    expect((await client.queueDeclare({ queue, passive: true })).queue).toBe(queue);
    await client.close();
  });
});

describe('a client with the least channels, four', () => {
  async function withQueues(count: number): Promise<{ readonly client: Client; readonly queues: readonly string[] }> {
    const client = new Client(url, { recover: false, channelMax: 4 });
    await client.connect();
    const declared = await Promise.all(Array.from({ length: count }, () => client.queueDeclare({ exclusive: true })));
    const queues = declared.map(({ queue }) => queue);
    await Promise.all(queues.map((queue) => client.basicPublish({ routingKey: queue, body: queue })));
    return { client, queues };
  }

  it('gets from many queues at once, and consumes from many at once', async () => {
    const { client, queues } = await withQueues(30);
    const messages = await Promise.all(queues.map((queue) => client.basicGet({ queue })));
    expect(messages.map((message) => message?.text())).toEqual(queues);
    for (const message of messages) message?.nack();
    const consumers = queues.map((queue) => client.basicConsume({ queue }));
    await Promise.all(consumers.map(({ ready }) => ready));
    for (const consumer of consumers) {
      for await (const message of consumer) {
        expect(message.text()).toBe(consumer.queue);
        message.ack();
        break;
      }
    }
    await client.close();
  });

  it('consumes while messages of gets are held, and gets while consumers are open', async () => {
    const { client, queues } = await withQueues(20);
    const [held, consumed] = [queues.slice(0, 10), queues.slice(10)];
    const messages = await Promise.all(held.map((queue) => client.basicGet({ queue })));
    const consumers = consumed.map((queue) => client.basicConsume({ queue }));
    await Promise.all(consumers.map(({ ready }) => ready));
    expect(await Promise.all(held.map((queue) => client.basicGet({ queue })))).toEqual(held.map(() => null));
    expect(messages.every((message) => message?.ack())).toBe(true);
    await client.close();
  });

  it('gets and consumes at once, where half of the queues are not there', async () => {
    const { client, queues } = await withQueues(20);
    const names = queues.flatMap((queue) => [queue, uniqueName('nowhere')]);
    const outcomes = await Promise.allSettled(
      names.map((queue, index) => (index % 4 < 2 ? client.basicGet({ queue }) : client.basicConsume({ queue }).ready)),
    );
    expect(outcomes.map((each) => (each.status === 'fulfilled' ? 'ok' : each.reason.code))).toEqual(
      queues.flatMap(() => ['ok', 'NOT_FOUND']),
    );
    await client.close();
  });
});

describe('bytes going out', () => {
  const maxBufferedBytes = 256 * 1024;
  const body = new Uint8Array(4096);

  it('a publisher that waits for drained() stays under the limit on a slow line', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false, maxBufferedBytes });
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    proxy.throttle(4_000_000, 'clientToServer');
    let open = 0;
    let most = 0;
    let waits = 0;
    const publishes: Promise<void>[] = [];
    for (let index = 0; index < 1000; index++) {
      if (client.needsDrain) {
        waits++;
        await client.drained();
        expect(client.needsDrain).toBe(false);
      }
      open += body.length;
      most = Math.max(most, open);
      publishes.push(
        client.basicPublish({ routingKey: queue, body }).then(() => {
          open -= body.length;
        }),
      );
    }
    await Promise.all(publishes);
    expect(waits).toBeGreaterThan(5);
    expect(most).toBeLessThanOrEqual(maxBufferedBytes + body.length);
    expect((await direct.queueDeclare({ queue: uniqueName('x'), exclusive: true })).messageCount).toBe(0);
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(1000);
    await client.close();
  });

  it('one that does not gets LimitExceeded for what is too much, and the rest is confirmed', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false, maxBufferedBytes });
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    proxy.throttle(4_000_000, 'clientToServer');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 500 }, () => client.basicPublish({ routingKey: queue, body })),
    );
    const firstRefused = outcomes.findIndex(({ status }) => status === 'rejected');
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome.status).toBe(index < firstRefused ? 'fulfilled' : 'rejected');
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toBeInstanceOf(LimitExceeded);
      expect(outcome.reason).toMatchObject({ outcome: 'not-sent', retryable: true, method: 'basic.publish' });
      expect(String(outcome.reason)).toContain('maxBufferedBytes');
    }
    // Twice the limit, a little less for what each costs beside its body.
    expect(firstRefused).toBeGreaterThan((maxBufferedBytes * 1.9) / body.length);
    expect(firstRefused).toBeLessThanOrEqual((maxBufferedBytes * 2) / body.length + 1);
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(firstRefused);
    await client.basicPublish({ routingKey: queue, body });
    await client.close();
  });

  it('drained() comes at once where nothing waits, and when the connection ends', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false, maxBufferedBytes: 1000 });
    await client.drained();
    await client.connect();
    await client.drained();
    proxy.blackHole();
    const publish = client.basicPublish({ routingKey: 'x', body });
    const drained = client.drained();
    expect(client.needsDrain).toBe(true);
    proxy.reset();
    await drained;
    await expect(publish).rejects.toMatchObject({ code: 'CONNECTION_BROKEN' });
    expect(client.needsDrain).toBe(false);
    await client.close();
  });
});
