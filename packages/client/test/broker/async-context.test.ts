import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@puka/client';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const url = inject('amqpUrl');
const { client, queue: freshQueue, another } = scene();
const storage = new AsyncLocalStorage<string>();

/** What each call of a callback finds in the storage, and when so many have come. */
function noting(count: number) {
  const seen: (string | undefined)[] = [];
  let enough = (): void => {};
  const all = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const note = (): void => {
    seen.push(storage.getStore());
    if (seen.length === count) enough();
  };
  return { seen, note, all };
}

describe('a callback runs in the async context of the call that gave it', () => {
  it('of operations, while many are under way', async () => {
    const stores = numbers(50);
    const seen = await Promise.all(
      stores.map(
        (store) =>
          new Promise((resolve) => {
            storage.run(store, () =>
              client.queueDeclare({ exclusive: true }, (error) => resolve(error ?? storage.getStore())),
            );
          }),
      ),
    );
    expect(seen).toEqual(stores);
  });

  it('of publishes, gets and setCallback', async () => {
    const queue = await freshQueue(1);
    const { seen, note, all } = noting(3);
    storage.run('publish', () => client.basicPublish({ routingKey: queue, body: 'x' }, note));
    storage.run('get', () => client.basicGet({ queue, noAck: true }, note));
    const purge = client.queuePurge({ queue: await freshQueue() });
    storage.run('set', () => client.setCallback(purge, note));
    await all;
    expect(seen.toSorted()).toEqual(['get', 'publish', 'set']);
  });

  it('of a consumer, for each message and behind each await, and for its end', async () => {
    const own = await another();
    const queue = await freshQueue(3);
    const messages = noting(6);
    const end = noting(1);
    storage.run('consume', () =>
      own.basicConsume({ queue }, async (error) => {
        if (error) {
          end.note();
          return;
        }
        messages.note();
        await delay(1);
        messages.note();
      }),
    );
    await messages.all;
    expect(messages.seen).toEqual(Array.from({ length: 6 }, () => 'consume'));
    await client.queueDelete({ queue });
    await end.all;
    expect(end.seen).toEqual(['consume']);
  });

  it('of a consumer that was given another callback', async () => {
    const own = await another();
    const queue = await freshQueue(2);
    const { seen, note, all } = noting(2);
    const consumer = storage.run('consume', () => own.basicConsume({ queue }));
    storage.run('set', () => own.setCallback(consumer, note));
    await all;
    expect(seen).toEqual(['set', 'set']);
    await consumer.cancel();
  });

  it('of events, that of on and of once', async () => {
    const own = new Client(url);
    const { seen, note, all } = noting(4);
    storage.run('on', () => own.on('connected', note).on('closed', note));
    storage.run('once', () => own.once('connected', note).once('closed', note));
    await storage.run('connect', () => own.connect());
    await storage.run('close', () => own.close());
    await all;
    expect(seen).toEqual(['on', 'once', 'on', 'once']);
  });
});

describe('the async context of who awaits', () => {
  it('goes on behind operations and in the body of a loop', async () => {
    const queue = await freshQueue(3);
    const seen = await storage.run('caller', async () => {
      const stores: (string | undefined)[] = [];
      await client.queueDeclare({ queue, passive: true });
      stores.push(storage.getStore());
      const consumer = client.basicConsume({ queue });
      for await (const message of consumer) {
        stores.push(storage.getStore());
        message.ack();
        await client.basicPublish({ routingKey: queue, body: 'x' });
        stores.push(storage.getStore());
        if (stores.length === 7) break;
      }
      return stores;
    });
    expect(seen).toEqual(Array.from({ length: 7 }, () => 'caller'));
  });
});
