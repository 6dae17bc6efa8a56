import { Client, type Message, UsageError } from '@puka/client';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const url = inject('amqpUrl');
const { queue: freshQueue, another, untilCount, untilConsumers } = scene();

describe('shutdown', () => {
  it('cancels consumers and waits for async callbacks: what was handed out is acked, the rest is back', async () => {
    const own = await another();
    const queue = await freshQueue(100);
    const acked: string[] = [];
    let begun = 0;
    const enough = new Promise<void>((resolve) => {
      own.basicConsume({ queue, prefetchCount: 10 }, async (_error, message) => {
        if (message === undefined) return;
        if (++begun === 5) resolve();
        for (let trip = 0; trip < 3; trip++) await own.queueDeclare({ queue, passive: true });
        expect(message.ack()).toBe(true);
        acked.push(message.text());
      });
    });
    await enough;
    await own.shutdown();
    expect(acked.length).toBe(begun);
    await untilCount(queue, 100 - begun);
    await untilConsumers(queue, 0);
  });

  it('lets the body of a loop finish, then ends the loop', async () => {
    const own = await another();
    const queue = await freshQueue(10);
    const done: string[] = [];
    let began = (): void => {};
    const first = new Promise<void>((resolve) => {
      began = resolve;
    });
    const looping = (async () => {
      for await (const message of own.basicConsume({ queue, prefetchCount: 5 })) {
        began();
        await own.basicPublish({ routingKey: queue, body: `again ${message.text()}` });
        expect(message.ack()).toBe(true);
        done.push(message.text());
      }
    })();
    await first;
    await own.shutdown();
    await looping;
    expect(done.length).toBeGreaterThanOrEqual(1);
    await untilCount(queue, 10);
  });

  it('lets the loops of a no-ack consumer finish with all that has arrived', async () => {
    const own = await another();
    const queue = await freshQueue(500);
    const seen: string[] = [];
    const consumer = own.basicConsume({ queue, noAck: true });
    const looping = (async () => {
      for await (const message of consumer) {
        await own.queueDeclare({ queue, passive: true });
        seen.push(message.text());
        if (seen.length === 3) void own.shutdown();
      }
    })();
    await looping;
    await own.close();
    expect(seen).toEqual(numbers(seen.length));
    await untilCount(queue, 500 - seen.length);
  });

  it('waits until every publish is confirmed', async () => {
    const own = await another();
    const queue = await freshQueue();
    const publishes = numbers(1000).map((body) => own.basicPublish({ routingKey: queue, body }));
    await own.shutdown();
    for (const publish of publishes) expect(publish.state).toBe('fulfilled');
    await untilCount(queue, 1000);
  });

  it('waits for declares and gets that are under way', async () => {
    const own = await another();
    const queue = await freshQueue(3);
    const calls = [
      own.queueDeclare({ exclusive: true }),
      own.basicGet({ queue, noAck: true }),
      own.queuePurge({ queue }),
    ];
    await own.shutdown();
    for (const call of calls) expect(call.state).toBe('fulfilled');
  });

  it('writes the acks of its own turn', async () => {
    const own = await another();
    const queue = await freshQueue(5);
    const messages: (Message | null)[] = await Promise.all(numbers(5).map(() => own.basicGet({ queue })));
    for (const message of messages) message?.ack();
    await own.shutdown();
    await untilCount(queue, 0);
    const other = await another();
    expect(await other.basicGet({ queue })).toBeNull();
  });

  it('ends after its timeout, and what was unacked is back', async () => {
    const own = await another();
    const queue = await freshQueue(1);
    let late: Message | undefined;
    const begun = new Promise<void>((resolve) => {
      own.basicConsume({ queue }, (_error, message) => {
        late = message;
        resolve();
        return new Promise(() => {});
      });
    });
    await begun;
    await own.shutdown({ timeout: 30 });
    expect(late?.ack()).toBe(false);
    await untilCount(queue, 1);
  });

  it('several at once end the same way, and once more settles too', async () => {
    const own = await another();
    await Promise.all([own.shutdown(), own.shutdown(), own.shutdown({ timeout: 1 })]);
    await own.shutdown();
    await expect(own.queueDeclare({})).rejects.toBeInstanceOf(UsageError);
    await own.connect();
    await own.queueDeclare({ exclusive: true });
  });

  it('is what await using does, also when the block is left by a throw', async () => {
    const queue = await freshQueue();
    const thrown = new Error('out of the block');
    const block = (async () => {
      await using client = new Client(url);
      await client.connect();
      client.basicPublish({ routingKey: queue, body: 'x' });
      throw thrown;
    })();
    await expect(block).rejects.toBe(thrown);
    await untilCount(queue, 1);
  });

  it('of a client driven by hand works by itself', async () => {
    const own = await another();
    const queue = await freshQueue(3);
    await own.close();
    const client = new Client(url, { drive: 'manual' });
    await client.wait(client.connect());
    const message = await client.wait(client.basicGet({ queue }));
    client.basicPublish({ routingKey: queue, body: 'more' });
    message?.ack();
    await client.shutdown();
    await untilCount(queue, 3);
  });
});
