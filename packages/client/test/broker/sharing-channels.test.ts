import { AccessRefused, type Client, type Consumer, NotFound } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { scene } from './scene.ts';

const { client, queue: freshQueue, another, fill, untilCount } = scene();

/** Consumers of so many queues of their own. */
async function consumers(own: Client, count: number): Promise<Consumer[]> {
  const queues = await Promise.all(Array.from({ length: count }, () => freshQueue()));
  return queues.map((queue) => own.basicConsume({ queue, prefetchCount: 1 }));
}

/** Each gets what is published to its queue. */
async function allGet(own: Client, all: readonly Consumer[], body: string): Promise<void> {
  await Promise.all(all.map(({ queue }) => own.basicPublish({ routingKey: queue, body })));
  for (const consumer of all) {
    const message = await own.wait(consumer);
    expect(message).toMatchObject({ queue: consumer.queue, consumerTag: consumer.consumerTag });
    expect(message.text()).toBe(body);
    expect(message.ack()).toBe(true);
  }
}

describe('30 consumers on 10 channels', () => {
  it('all get their messages, and publishes, declares and gets still work', async () => {
    const own = await another({ channelMax: 10 });
    const all = await consumers(own, 30);
    await Promise.all(all.map(({ ready }) => ready));
    await allGet(own, all, 'one');
    const queues = await Promise.all(Array.from({ length: 50 }, () => own.queueDeclare({ exclusive: true })));
    expect(queues.length).toBe(50);
    const queue = await freshQueue(3);
    const gets = await Promise.all([1, 2, 3].map(() => own.basicGet({ queue })));
    await allGet(own, all, 'two');
    for (const message of gets) expect(message?.ack()).toBe(true);
    await Promise.all(all.map((consumer) => consumer.cancel()));
    const again = await consumers(own, 30);
    await allGet(own, again, 'three');
  });

  it('a consume of an unknown queue is refused alone', async () => {
    const own = await another({ channelMax: 10 });
    const good = await consumers(own, 15);
    const bad = Array.from({ length: 10 }, () => own.basicConsume({ queue: uniqueName('nowhere') }));
    const more = await consumers(own, 15);
    for (const { ready } of bad) await expect(ready).rejects.toBeInstanceOf(NotFound);
    await allGet(own, [...good, ...more], 'x');
  });

  it('an exclusive conflict is refused alone, and all others live', async () => {
    const locked = await Promise.all([freshQueue(), freshQueue(), freshQueue()]);
    await Promise.all(locked.map((queue) => client.basicConsume({ queue, exclusive: true }).ready));
    const own = await another({ channelMax: 10 });
    const good = await consumers(own, 15);
    const bad = locked.map((queue) => own.basicConsume({ queue }));
    const more = await consumers(own, 15);
    const late = locked.map((queue) => own.basicConsume({ queue }));
    for (const { ready } of [...bad, ...late]) await expect(ready).rejects.toBeInstanceOf(AccessRefused);
    await Promise.all([...good, ...more].map(({ ready }) => ready));
    await allGet(own, [...good, ...more], 'x');
    await Promise.all(locked.map((queue) => hasItsConsumer(queue)));
  });

  it('messages of consumers that lose their channel by another’s fault come again', async () => {
    const own = await another({ channelMax: 4 });
    const [mine, locked] = await Promise.all([freshQueue(20), freshQueue()]);
    await client.basicConsume({ queue: locked, exclusive: true }).ready;
    const consumer = own.basicConsume({ queue: mine, prefetchCount: 5 });
    const seen = new Set<string>();
    const acked = new Set<string>();
    for await (const message of consumer) {
      const isNew = !seen.has(message.text());
      seen.add(message.text());
      if (isNew && seen.size % 5 === 0) {
        await expect(own.basicConsume({ queue: locked }).ready).rejects.toBeInstanceOf(AccessRefused);
      }
      if (message.ack()) acked.add(message.text());
      if (acked.size === 20) break;
    }
    expect(seen.size).toBe(20);
    await untilCount(mine, 0);
  });

  it('a queue deleted under one consumer ends that one alone', async () => {
    const own = await another({ channelMax: 4 });
    const all = await consumers(own, 6);
    const [doomed, ...others] = all;
    await Promise.all(all.map(({ ready }) => ready));
    await client.queueDelete({ queue: doomed?.queue ?? '' });
    await expect(own.wait(doomed ?? own.basicConsume({ queue: '' }))).rejects.toMatchObject({
      code: 'CONSUMER_CANCELLED',
      queue: doomed?.queue,
    });
    await allGet(own, others, 'x');
  });

  it('multi consumers share too, each within its limit', async () => {
    const own = await another({ channelMax: 4 });
    const sets = await Promise.all([1, 2, 3].map(() => Promise.all([freshQueue(4), freshQueue(4), freshQueue(4)])));
    const multis = sets.map((queues) => own.basicConsumeMulti({ queues, prefetchCount: 2 }));
    for (const multi of multis) {
      let total = 0;
      for await (const message of multi) {
        message.ack();
        if (++total === 12) break;
      }
      expect(total).toBe(12);
    }
    await Promise.all(sets.flat().map((queue) => untilCount(queue, 0)));
  });

  it('a cancel of one leaves those it shares with', async () => {
    const own = await another({ channelMax: 4 });
    const all = await consumers(own, 9);
    await allGet(own, all, 'x');
    const odd = all.filter((_, index) => index % 2 === 1);
    const even = all.filter((_, index) => index % 2 === 0);
    const held = await Promise.all(
      odd.map(async (consumer) => {
        await fill(consumer.queue, 2);
        return own.wait(consumer);
      }),
    );
    await Promise.all(odd.map((consumer) => consumer.cancel()));
    await allGet(own, even, 'y');
    for (const message of held) expect(message.ack()).toBe(true);
    await Promise.all(odd.map(({ queue }) => untilCount(queue, 1)));
  });
});

describe('24 consumers, with channels enough for each', () => {
  it('share eight, and all get their messages', async () => {
    const own = await another({});
    const all: Consumer[] = [];
    for (let count = 0; count < 24; count++) {
      const consumer = own.basicConsume({ queue: await freshQueue(), prefetchCount: 1 });
      await consumer.ready;
      all.push(consumer);
    }
    // One more looks for queues before a channel is shared.
    expect(own.metrics().channels).toBe(9);
    await allGet(own, all, 'x');
  });
});

/** The exclusive consumer of a queue is still there. */
async function hasItsConsumer(queue: string): Promise<void> {
  expect((await client.queueDeclare({ queue, passive: true })).consumerCount).toBe(1);
}
