import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Consumer } from '@puka/client';
import { collectGarbage, faultProxy, waitFor } from '@puka/testkit';
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

describe('a callback runs in the async context of the call that passed it', () => {
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

  it('of connect, close, shutdown, drained, basicQos and basicCancel', async () => {
    const own = new Client(url);
    const { seen, note, all } = noting(6);
    await new Promise<void>((resolve) => {
      storage.run('connect', () =>
        own.connect(() => {
          note();
          resolve();
        }),
      );
    });
    const consumer = own.basicConsume({ queue: await freshQueue() });
    await consumer.ready;
    storage.run('drained', () => own.drained(note));
    await new Promise<void>((resolve) => {
      storage.run('qos', () =>
        own.basicQos(consumer, { prefetchCount: 5 }, () => {
          note();
          resolve();
        }),
      );
    });
    await new Promise<void>((resolve) => {
      storage.run('cancel', () =>
        own.basicCancel(consumer, () => {
          note();
          resolve();
        }),
      );
    });
    storage.run('shutdown', () => own.shutdown({}, note));
    storage.run('close', () => own.close(note));
    await all;
    expect(seen.toSorted()).toEqual(['cancel', 'close', 'connect', 'drained', 'qos', 'shutdown']);
  });

  it('of a consumer over several queues, and of operations that fail', async () => {
    const own = await another();
    const { seen, note, all } = noting(4);
    const queues = [await freshQueue(1), await freshQueue(1)];
    const consumer = storage.run('multi', () => own.basicConsumeMulti({ queues }, note));
    storage.run('refused', () => own.queueDeclare({ queue: 'nowhere.context', passive: true }, note));
    storage.run('returned', () => own.basicPublish({ routingKey: 'nowhere.context', mandatory: true }, note));
    await all;
    expect(seen.toSorted()).toEqual(['multi', 'multi', 'refused', 'returned']);
    await consumer.cancel();
  });

  it('of functions among the options: credentials, retryIf and filter', async () => {
    const seen: string[] = [];
    const note = (name: string): void => void seen.push(`${name} ${storage.getStore()}`);
    const { hostname, port, username, password } = new URL(url);
    await using proxy = await faultProxy({ target: { host: hostname, port: Number(port) } });
    const target = `amqp://${proxy.host}:${proxy.port}`;
    const own = storage.run(
      'new',
      () =>
        new Client(target, {
          credentials: () => {
            note('credentials');
            return { username: username || 'guest', password: password || 'guest' };
          },
          recover: {
            minDelay: 0,
            maxDelay: 0,
            retryIf: () => {
              note('retryIf');
              return true;
            },
            filter: () => {
              note('filter');
              return false;
            },
          },
        }),
    );
    await storage.run('connect', () => own.connect());
    await storage.run('declare', () => own.queueDeclare({ exclusive: true }));
    const again = new Promise((resolve) => own.once('connected', resolve));
    proxy.reset();
    await again;
    await own.close();
    expect(new Set(seen)).toEqual(new Set(['credentials new', 'retryIf new', 'filter new']));
  });

  it('of a consumer, for each message and after each await, and for its end', async () => {
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
  it('goes on after operations and in the body of a loop', async () => {
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

  it('goes on after wait, waitForAll, loop and drained', async () => {
    const own = await another();
    const queue = await freshQueue(1);
    const seen = await storage.run('caller', async () => {
      const stores: (string | undefined)[] = [];
      const consumer = own.basicConsume({ queue });
      (await own.wait(consumer, { timeout: 10_000 }))?.ack();
      stores.push(storage.getStore());
      await own.waitForAll([own.basicPublish({ routingKey: queue }), own.queueDeclare({ queue, passive: true })]);
      stores.push(storage.getStore());
      await own.drained();
      stores.push(storage.getStore());
      own.setCallback(own.queueDeclare({ queue, passive: true }), () => own.loopBreak());
      await own.loop();
      stores.push(storage.getStore());
      await consumer.cancel();
      stores.push(storage.getStore());
      return stores;
    });
    expect(seen).toEqual(Array.from({ length: 5 }, () => 'caller'));
  });

  it('and keeps nothing of the context of the call that was made in another callback', async () => {
    const contexts = new AsyncLocalStorage<object>();
    const inNewContext = (work: () => void): WeakRef<object> => {
      const store = {};
      contexts.run(store, work);
      return new WeakRef(store);
    };
    const queue = await freshQueue();
    const consumers: Consumer[] = [];
    const outer = await new Promise<WeakRef<object>>((resolve) => {
      const store = inNewContext(() =>
        client.basicPublish({ routingKey: queue, body: 'x' }, () => {
          inNewContext(() => consumers.push(client.basicConsume({ queue }, () => {})));
          resolve(store);
        }),
      );
    });
    await waitFor(() => {
      collectGarbage();
      return outer.deref() === undefined;
    });
    await Promise.all(consumers.map((consumer) => consumer.cancel()));
  });
});
