import { type Consumer, ConsumerCancelled, type Message, NotFound } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, untilCount, untilConsumers } = scene();

/** So many messages, and no more than these. */
async function takeAll(consumer: Consumer, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) taken.push(await client.wait(consumer));
  // By the time of a few round trips the broker has sent what it may send.
  for (let trip = 0; trip < 3; trip++) {
    await Promise.all(consumer.queues.map((queue) => client.queueDeclare({ queue, passive: true })));
  }
  expect(await client.wait(consumer, { timeout: 0 })).toBeUndefined();
  return taken;
}

describe('a multi consumer', () => {
  it('delivers the messages of all its queues, each with the name of its queue', async () => {
    const queues = [await freshQueue(30), await freshQueue(30), await freshQueue(30)];
    const [first = '', ...rest] = queues;
    const tags = new Set<string | undefined>();
    const seen = new Map<string, string[]>();
    let total = 0;
    const consumer = client.basicConsumeMulti({
      queues: [{ queue: first, consumerTag: uniqueName('multi') }, ...rest],
    });
    for await (const message of consumer) {
      seen.set(message.queue, [...(seen.get(message.queue) ?? []), message.text()]);
      expect(message.routingKey).toBe(message.queue);
      tags.add(message.consumerTag);
      message.ack();
      if (++total === 90) break;
    }
    for (const queue of queues) expect(seen.get(queue)).toEqual(numbers(30));
    expect(tags.size).toBe(3);
    expect(consumer.queues).toEqual(queues);
    await Promise.all(queues.map((queue) => untilConsumers(queue, 0)));
  });

  for (const prefetchCount of [1, 3, 10]) {
    it(`shares a limit of ${prefetchCount} over all its queues: never more unacked`, async () => {
      const queues = await Promise.all(Array.from({ length: 8 }, () => freshQueue(15)));
      const consumer = client.basicConsumeMulti({ queues, prefetchCount });
      let inHands = 0;
      let most = 0;
      let total = 0;
      const settle = (message: Message): void => {
        inHands--;
        if (total % 5 === 0) message.nack({ requeue: false });
        else message.ack();
      };
      const work = async (): Promise<void> => {
        for await (const message of consumer) {
          inHands++;
          most = Math.max(most, inHands);
          await client.queueDeclare({ queue: message.queue, passive: true });
          settle(message);
          if (++total === 120) await consumer.cancel();
        }
      };
      await Promise.all(Array.from({ length: 20 }, work));
      expect(total).toBe(120);
      expect(most).toBe(prefetchCount);
      await Promise.all(queues.map((queue) => untilCount(queue, 0)));
    });
  }

  it('delivers no more than its limit to code that settles nothing, and one for each that is settled', async () => {
    const queues = await Promise.all(Array.from({ length: 5 }, () => freshQueue(10)));
    const consumer = client.basicConsumeMulti({ queues, prefetchCount: 3 });
    const held = await takeAll(consumer, 3);
    held[0]?.ack();
    held[2]?.reject();
    await takeAll(consumer, 2);
    await consumer.cancel();
  });

  it('without a limit delivers all', async () => {
    const queues = await Promise.all([freshQueue(100), freshQueue(100)]);
    const consumer = client.basicConsumeMulti({ queues });
    await takeAll(consumer, 200);
    await consumer.cancel();
  });

  it('without acks delivers all, whatever the limit', async () => {
    const queues = await Promise.all([freshQueue(100), freshQueue(100)]);
    const seen: string[] = [];
    for await (const message of client.basicConsumeMulti({ queues, noAck: true, prefetchCount: 1 })) {
      seen.push(message.text());
      if (seen.length === 200) break;
    }
    expect(seen.sort()).toEqual([...numbers(100), ...numbers(100)].sort());
  });

  it('serves a callback within its limit', async () => {
    const queues = await Promise.all([freshQueue(50), freshQueue(50)]);
    const held: Message[] = [];
    let total = 0;
    let most = 0;
    await new Promise<void>((resolve) => {
      const consumer = client.basicConsumeMulti({ queues, prefetchCount: 4 }, (_error, message) => {
        if (message === undefined) return;
        held.push(message);
        most = Math.max(most, held.length);
        if (held.length < 4 && total < 96) return;
        total += held.length;
        for (const one of held.splice(0)) one.ack();
        if (total >= 97) void consumer.cancel().then(() => resolve());
      });
    });
    expect(total).toBeGreaterThanOrEqual(97);
    expect(most).toBe(4);
  });
});

describe('the end of a multi consumer', () => {
  it('comes whole when one of its queues is deleted, after what was received', async () => {
    const queues = [await freshQueue(2), await freshQueue(2), await freshQueue()];
    const consumer = client.basicConsumeMulti({ queues });
    await consumer.ready;
    await Promise.all(queues.map((queue) => untilCount(queue, 0)));
    await client.queueDelete({ queue: queues[2] ?? '' });
    const seen: Message[] = [];
    const looped = (async () => {
      for await (const message of consumer) seen.push(message);
    })();
    await expect(looped).rejects.toBeInstanceOf(ConsumerCancelled);
    await expect(looped).rejects.toMatchObject({ queue: queues[2] });
    expect(seen.length).toBe(4);
    for (const message of seen) expect(message.ack()).toBe(true);
    await Promise.all(queues.slice(0, 2).map((queue) => untilConsumers(queue, 0)));
  });

  it('loses nothing of the other queues: what it did not get is back', async () => {
    const queues = [await freshQueue(500), await freshQueue()];
    const [full = '', doomed = ''] = queues;
    const consumer = client.basicConsumeMulti({ queues, prefetchCount: 5 });
    const held = await client.wait(consumer);
    await client.queueDelete({ queue: doomed });
    for await (const message of ended(consumer)) message.nack();
    held.nack();
    await untilCount(full, 500);
    await untilConsumers(full, 0);
  });

  it('comes at once when one queue is missing: the whole is refused', async () => {
    const queues = [await freshQueue(5), uniqueName('nowhere'), await freshQueue(5)];
    const other = client.basicConsume({ queue: await freshQueue(1) });
    const consumer = client.basicConsumeMulti({ queues });
    await expect(consumer.ready).rejects.toBeInstanceOf(NotFound);
    await expect(consumer.ready).rejects.toThrow(queues[1] ?? '');
    await untilCount(queues[0] ?? '', 5);
    await untilCount(queues[2] ?? '', 5);
    expect((await client.wait(other)).ack()).toBe(true);
    await other.cancel();
  });

  it('by a cancel puts back what waits in all of them', async () => {
    const queues = [await freshQueue(40), await freshQueue(40)];
    const consumer = client.basicConsumeMulti({ queues, prefetchCount: 5 });
    const message = await client.wait(consumer);
    await consumer.cancel();
    message.reject();
    for (const queue of queues) await untilCount(queue, 40);
  });
});

/** What is left of a consumer that ends with an error. */
async function* ended(consumer: AsyncIterable<Message>): AsyncIterable<Message> {
  try {
    for await (const message of consumer) yield message;
  } catch (error) {
    expect(error).toBeInstanceOf(ConsumerCancelled);
  }
}
