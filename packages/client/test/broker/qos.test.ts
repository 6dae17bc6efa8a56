import { type Consumer, type Message, UsageError } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, another, untilCount, untilConsumers } = scene();

/** So many more messages, and no more than these. */
async function take(consumer: Consumer, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) taken.push(await client.wait(consumer));
  for (let trip = 0; trip < 3; trip++) {
    await Promise.all(consumer.queues.map((queue) => client.queueDeclare({ queue, passive: true })));
  }
  expect(await client.wait(consumer, { timeout: 0 })).toBeUndefined();
  return taken;
}

interface Kind {
  readonly name: string;
  readonly consume: (prefetchCount: number) => Promise<Consumer>;
}

const kinds: readonly Kind[] = [
  {
    name: 'a consumer',
    consume: async (prefetchCount) => client.basicConsume({ queue: await freshQueue(30), prefetchCount }),
  },
  {
    name: 'an exclusive consumer',
    consume: async (prefetchCount) =>
      client.basicConsume({ queue: await freshQueue(30), prefetchCount, exclusive: true }),
  },
  {
    name: 'a consumer of an auto-delete queue',
    consume: async (prefetchCount) => {
      const { queue } = await client.queueDeclare({ queue: uniqueName('auto'), autoDelete: true, exclusive: true });
      await Promise.all(numbers(30).map((body) => client.basicPublish({ routingKey: queue, body })));
      return client.basicConsume({ queue, prefetchCount });
    },
  },
  {
    name: 'a consumer of a quorum queue',
    consume: async (prefetchCount) =>
      client.basicConsume({
        queue: await freshQueue(30, { arguments: { 'x-queue-type': 'quorum' } }),
        prefetchCount,
      }),
  },
  {
    name: 'a multi consumer',
    consume: async (prefetchCount) =>
      client.basicConsumeMulti({
        queues: await Promise.all([freshQueue(10), freshQueue(10), freshQueue(10)]),
        prefetchCount,
      }),
  },
];

describe('basicQos', () => {
  for (const { name, consume } of kinds) {
    it(`raises the limit of ${name} while it runs, and lowers it again`, async () => {
      const consumer = await consume(1);
      const [first] = await take(consumer, 1);
      await client.basicQos(consumer, { prefetchCount: 4 });
      const held = await take(consumer, 3);
      await client.basicQos(consumer, { prefetchCount: 2 });
      await take(consumer, 0);
      for (const message of held.slice(0, 2)) expect(message.ack()).toBe(true);
      await take(consumer, 0);
      expect(held[2]?.ack()).toBe(true);
      const [next] = await take(consumer, 1);
      expect(first?.ack()).toBe(true);
      expect(next?.ack()).toBe(true);
      await take(consumer, 2);
      expect(consumer.prefetchCount).toBe(2);
      await consumer.cancel();
    });

    it(`loses and doubles nothing of ${name}`, async () => {
      const consumer = await consume(2);
      const seen: string[] = [];
      const limits = [5, 1, 0, 3, 10, 1];
      let turn = 0;
      const changes: PromiseLike<void>[] = [];
      for await (const message of consumer) {
        seen.push(`${message.queue} ${message.text()}`);
        message.ack();
        const prefetchCount = limits[turn++];
        if (prefetchCount !== undefined) changes.push(client.basicQos(consumer, { prefetchCount }));
        if (new Set(seen).size === 30) break;
      }
      await Promise.all(changes);
      expect(new Set(seen).size).toBe(30);
    });
  }

  it('to no limit delivers all that there is', async () => {
    const consumer = client.basicConsume({ queue: await freshQueue(50), prefetchCount: 1 });
    await take(consumer, 1);
    await client.basicQos(consumer, { prefetchCount: 0 });
    await take(consumer, 49);
    await consumer.cancel();
  });

  it('from no limit puts back what was not handed out', async () => {
    const queue = await freshQueue(50);
    const consumer = client.basicConsume({ queue });
    const [held] = [await client.wait(consumer)];
    await client.basicQos(consumer, { prefetchCount: 5 });
    // Five came anew, and one is unacked.
    await untilCount(queue, 44);
    expect((await take(consumer, 4)).length).toBe(4);
    expect(held.ack()).toBe(true);
    await take(consumer, 1);
    await consumer.cancel();
    await untilConsumers(queue, 0);
  });

  it('leaves messages of before to be settled, and one consumer at the broker', async () => {
    const queue = await freshQueue(5);
    const consumer = client.basicConsume({ queue, prefetchCount: 2 });
    const held = await take(consumer, 2);
    await client.basicQos(consumer, { prefetchCount: 3 });
    await untilConsumers(queue, 1);
    await consumer.cancel();
    for (const message of held) expect(message.ack()).toBe(true);
    await untilCount(queue, 3);
  });

  it('several at once take effect one after the other', async () => {
    const consumer = client.basicConsume({ queue: await freshQueue(20), prefetchCount: 1 });
    await Promise.all([7, 2, 5].map((prefetchCount) => client.basicQos(consumer, { prefetchCount })));
    await take(consumer, 5);
    await consumer.cancel();
  });

  it('works where channels are few', async () => {
    const few = await another({ channelMax: 4 });
    const queue = await freshQueue(10);
    const consumer = few.basicConsume({ queue, prefetchCount: 1 });
    const first = await few.wait(consumer);
    await few.basicQos(consumer, { prefetchCount: 3 });
    await few.wait(consumer);
    await few.wait(consumer);
    expect(await few.wait(consumer, { timeout: 0 })).toBeUndefined();
    expect(first.ack()).toBe(true);
    await few.wait(consumer);
    await untilConsumers(queue, 1);
  });

  it('of a consumer that has ended is a usage error', async () => {
    const consumer = client.basicConsume({ queue: await freshQueue() });
    await consumer.cancel();
    await expect(client.basicQos(consumer, { prefetchCount: 1 })).rejects.toBeInstanceOf(UsageError);
  });
});
