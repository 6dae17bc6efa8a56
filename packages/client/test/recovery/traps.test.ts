/**
 * What users of other clients suffered when a connection was lost, each as a test that this client is free of it. The names
 * say the claim.
 */
import { collectGarbage } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import type { Consumer } from '../../src/consuming/consumer.ts';
import type { Message } from '../../src/consuming/message.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { endOf, eventsOf, Scene } from './scene.ts';

/** Waits for an operation while both sides work. */
async function done<Result>(scene: Scene, operation: Operation<Result>): Promise<Result> {
  await scene.settle();
  return operation;
}

/** Takes everything that a consumer of the queue gets. */
function collect(client: Client, queue: string, options: object = {}): { consumer: Consumer; texts: string[] } {
  const texts: string[] = [];
  const consumer = client.basicConsume({ queue, ...options }, (_error, message) => {
    if (message === undefined) return;
    texts.push(message.text());
    message.ack();
  });
  return { consumer, texts };
}

const names = (items: readonly { readonly name: string }[]): string[] => items.map(({ name }) => name).sort();
const queueNames = (scene: Scene): string[] => names(scene.broker.queues());

describe('listeners', () => {
  it('may declare, consume, cancel, connect and close in any event', async () => {
    for (const event of ['connected', 'disconnected', 'recovering'] as const) {
      for (const closes of [false, true]) {
        const scene = await Scene.start();
        const client = await scene.connected();
        await done(scene, client.queueDeclare({ queue: 'q' }));
        const { consumer } = collect(client, 'q');
        await scene.settle();
        const started: Operation<unknown>[] = [];
        client.once(event, () => {
          started.push(client.queueDeclare({ queue: 'declared' }), client.basicConsume({ queue: 'q' }).ready);
          started.push(client.basicCancel(consumer), client.connect());
          if (closes) started.push(client.close());
        });
        scene.broker.faults.dropConnections();
        await scene.settle();
        await scene.advance(5000);
        expect(started.map(({ state }) => state)).not.toContain('pending');
        expect(consumer.isEnded).toBe(true);
        if (!closes) expect(started.map(endOf)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
        expect(client.state).toBe(closes ? 'idle' : 'connected');
        await scene.end(client);
      }
    }
  });
});

describe('the gate', () => {
  it('lets no publish out before exchange and binding are back', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.exchangeDeclare({ exchange: 'e', autoDelete: true }));
    await done(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
    await done(scene, client.queueBind({ queue: 'q', exchange: 'e', routingKey: 'k' }));
    scene.broker.faults.dropConnections();
    await scene.settle();
    expect(scene.broker.queue('q')).toBeUndefined();
    const publishes = Array.from({ length: 1000 }, (_, index) =>
      client.basicPublish({ exchange: 'e', routingKey: 'k', body: `${index}`, mandatory: true }),
    );
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect(new Set(publishes.map(endOf))).toEqual(new Set(['fulfilled']));
    expect(scene.broker.queue('q')?.messages.map((message) => message.text())).toEqual(
      Array.from({ length: 1000 }, (_, index) => `${index}`),
    );
    await scene.end(client);
  });
});

describe('server-named queues', () => {
  it('keep bindings, consumers and publishes by the first name over three recoveries', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const { queue: first } = await done(scene, client.queueDeclare({ exclusive: true }));
    await done(scene, client.exchangeDeclare({ exchange: 'e' }));
    await done(scene, client.queueBind({ queue: first, exchange: 'e', routingKey: 'k' }));
    const { texts } = collect(client, first);
    await scene.settle();
    for (let round = 1; round <= 3; round++) {
      await scene.cut(client);
      client.basicPublish({ routingKey: first, body: `named ${round}` });
      client.basicPublish({ exchange: 'e', routingKey: 'k', body: `bound ${round}` });
      await scene.settle();
    }
    expect(texts).toEqual(['named 1', 'bound 1', 'named 2', 'bound 2', 'named 3', 'bound 3']);
    expect(scene.broker.queues()).toHaveLength(1);
    expect(scene.broker.mistakes).toEqual([]);
    await scene.end(client);
  });

  it('are named anew in the replyTo of requests that are in flight, and of later ones', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const { queue: replies } = await done(scene, client.queueDeclare({ exclusive: true }));
    await done(scene, client.queueDeclare({ queue: 'requests' }));
    const { texts } = collect(client, replies);
    await scene.settle();
    const server = await scene.connected();
    client.basicPublish({ routingKey: 'requests', body: 'in flight', replyTo: replies });
    scene.broker.faults.dropConnections();
    await scene.settle();
    client.basicPublish({ routingKey: 'requests', body: 'held', replyTo: replies });
    await scene.until(() => client.state === 'connected' && server.state === 'connected');
    client.basicPublish({ routingKey: 'requests', body: 'later', replyTo: replies });
    await scene.settle();
    server.basicConsume({ queue: 'requests' }, (_error, request) => {
      if (request?.replyTo === undefined) return;
      server.basicPublish({ routingKey: request.replyTo, body: `re: ${request.text()}` });
      request.ack();
    });
    await scene.settle();
    expect([...new Set(texts)].sort()).toEqual(['re: held', 're: in flight', 're: later']);
    const closing = server.close();
    await scene.settle();
    await closing;
    await scene.end(client);
  });
});

describe('what the broker still takes for the lost connection’s', () => {
  it('an exclusive queue comes back when the ghost is gone, and holds nobody else up', async () => {
    const scene = await Scene.start({ heartbeat: 10 });
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'mine', exclusive: true }));
    await done(scene, client.queueDeclare({ queue: 'free' }));
    const mine = collect(client, 'mine');
    const free = collect(client, 'free');
    await scene.settle();
    scene.broker.faults.ghosts(45_000);
    await scene.until(() => client.state === 'recovering', 40_000);
    await scene.until(() => client.state === 'connected');
    // The ghost's consumer takes every other one.
    for (let index = 0; index < 4; index++) client.basicPublish({ routingKey: 'free', body: 'at once' });
    await scene.settle();
    expect(free.texts).toEqual(['at once', 'at once']);
    expect(client.recovery.retrying.map(({ entity }) => entity)).toMatchObject([{ kind: 'queue', queue: 'mine' }]);
    await scene.until(
      () => (scene.broker.queue('mine')?.consumers.length ?? 0) === 1 && client.recovery.retrying.length === 0,
    );
    client.basicPublish({ routingKey: 'mine', body: 'back' });
    await scene.settle();
    expect(mine.texts).toEqual(['back']);
    await scene.end(client);
  });

  it('an exclusive consumer comes back when the ghost is gone', async () => {
    const scene = await Scene.start({ heartbeat: 10 });
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q' }));
    const { texts, consumer } = collect(client, 'q', { exclusive: true });
    await done(scene, consumer.ready);
    scene.broker.faults.ghosts(45_000);
    await scene.until(() => client.state === 'recovering', 40_000);
    await scene.until(() => client.state === 'connected');
    client.basicPublish({ routingKey: 'q', body: 'back' });
    await scene.until(() => texts.length > 0);
    expect(scene.broker.queue('q')?.consumers).toHaveLength(1);
    expect(consumer.isEnded).toBe(false);
    await scene.end(client);
  });
});

describe('an auto-delete queue that vanishes', () => {
  it('in the middle of the replay comes back whole, with all its bindings', async () => {
    for (const method of ['queue.bind', 'basic.consume', 'basic.qos'] as const) {
      const scene = await Scene.start();
      const client = await scene.connected();
      await done(scene, client.exchangeDeclare({ exchange: 'e', autoDelete: true }));
      await done(scene, client.queueDeclare({ queue: 'q', autoDelete: true }));
      for (const routingKey of ['a', 'b', 'c']) {
        await done(scene, client.queueBind({ queue: 'q', exchange: 'e', routingKey }));
      }
      const { texts } = collect(client, 'q', { prefetchCount: 3 });
      await scene.settle();
      let reaped = 0;
      if (method === 'basic.qos') {
        client.once('connected', () => scene.broker.faults.removeQueue('q', { isSilent: true }));
      } else {
        // The broker finds the queue of the lost connection dead just before it reads the method.
        const isReaped = (): boolean => {
          if (reaped++ > 0 || scene.broker.queue('q') === undefined) return false;
          scene.broker.faults.removeQueue('q', { isSilent: true });
          return false;
        };
        scene.broker.faults.refuse(method, { code: 404, match: isReaped });
      }
      await scene.cut(client);
      await scene.advance(15_000);
      for (const routingKey of ['a', 'b', 'c']) client.basicPublish({ exchange: 'e', routingKey, body: routingKey });
      await scene.settle();
      expect(texts, method).toEqual(['a', 'b', 'c']);
      expect(scene.broker.queue('q')?.consumers).toHaveLength(1);
      if (method !== 'basic.qos') expect(reaped).toBeGreaterThan(0);
      await scene.end(client);
    }
  });

  it('5 s after the gate, without a word, is back by the look at 10 s', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
    const { texts } = collect(client, 'q');
    await scene.settle();
    await scene.cut(client);
    await scene.advance(5000);
    scene.broker.faults.removeQueue('q', { isSilent: true });
    await scene.advance(5500);
    expect(scene.broker.queue('q')?.consumers).toHaveLength(1);
    client.basicPublish({ routingKey: 'q', body: 'back' });
    await scene.settle();
    expect(texts).toEqual(['back']);
    await scene.end(client);
  });
});

describe('what is gone stays gone', () => {
  it('short lives of every kind leave the record empty', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    for (let life = 0; life < 100; life++) {
      const [queue, exchange, above] = [`q${life}`, `e${life}`, `above${life}`];
      client.exchangeDeclare({ exchange: above, autoDelete: true });
      client.exchangeDeclare({ exchange, autoDelete: true });
      await done(scene, client.queueDeclare({ queue, autoDelete: true }));
      client.exchangeBind({ destination: exchange, source: above });
      await done(scene, client.queueBind({ queue, exchange }));
      const consumer = client.basicConsume({ queue });
      await done(scene, consumer.ready);
      await done(scene, client.basicCancel(consumer));
    }
    await scene.settle();
    expect(queueNames(scene)).toEqual([]);
    expect(client.recovery.recorded).toEqual({ exchanges: 0, queues: 0, bindings: 0 });
    await scene.cut(client);
    expect(queueNames(scene)).toEqual([]);
    expect(names(scene.broker.exchanges()).filter((name) => /^(e|above)\d/.test(name))).toEqual([]);
    await scene.end(client);
  });

  it('an expired queue is not made again', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', arguments: { 'x-expires': 60_000 } }));
    await scene.advance(61_000);
    expect(scene.broker.queue('q')).toBeUndefined();
    await scene.cut(client);
    expect(scene.broker.queue('q')).toBeUndefined();
    expect(client.recovery.recorded.queues).toBe(0);
    await scene.end(client);
  });

  it('a delete, an unbind and a cancel hold, whenever they are called', async () => {
    for (const when of ['before', 'under way', 'waiting', 'restoring'] as const) {
      const scene = await Scene.start();
      const { faults } = scene.broker;
      const client = await scene.connected();
      for (const queue of ['deleted', 'unbound', 'cancelled']) await done(scene, client.queueDeclare({ queue }));
      await done(scene, client.exchangeDeclare({ exchange: 'deleted' }));
      await done(scene, client.queueBind({ queue: 'unbound', exchange: 'amq.direct', routingKey: 'k' }));
      const consumer = client.basicConsume({ queue: 'cancelled' });
      await done(scene, consumer.ready);
      const leave = (): Operation<unknown>[] => [
        client.queueDelete({ queue: 'deleted' }),
        client.exchangeDelete({ exchange: 'deleted' }),
        client.queueUnbind({ queue: 'unbound', exchange: 'amq.direct', routingKey: 'k' }),
        client.basicCancel(consumer),
      ];
      let leaving: Operation<unknown>[] = [];
      if (when === 'before') leaving = leave();
      if (when === 'before') await scene.settle();
      if (when === 'under way') leaving = leave();
      if (when === 'restoring') faults.delayReplies('queue.declare', 2000, { times: 1 });
      faults.dropConnections();
      await scene.settle();
      if (when === 'waiting') leaving = leave();
      if (when === 'restoring') await scene.until(() => client.recovery.phase === 'restoring');
      if (when === 'restoring') leaving = leave();
      await scene.until(() => client.state === 'connected');
      await scene.advance(65_000);
      expect(leaving.map(endOf), when).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
      await scene.cut(client);
      expect(queueNames(scene), when).toEqual(['cancelled', 'unbound']);
      expect(names(scene.broker.exchanges())).not.toContain('deleted');
      expect(scene.broker.bindings()).toEqual([]);
      expect(scene.broker.queue('cancelled')?.consumers).toEqual([]);
      await scene.end(client);
    }
  });
});

describe('a consumer that is started and cancelled while the connection is away', () => {
  it('ends, its ready settles, and it is never subscribed', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push(error));
    await done(scene, client.queueDeclare({ queue: 'q' }));
    scene.broker.faults.dropConnections();
    await scene.settle();
    const consumer = client.basicConsume({ queue: 'q' });
    const cancel = client.basicCancel(consumer);
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect([endOf(cancel), endOf(consumer.ready)]).toEqual(['fulfilled', expect.stringMatching(/^CONSUMER_CANCELLED/)]);
    expect(consumer.isEnded).toBe(true);
    expect(scene.broker.queue('q')?.consumers).toEqual([]);
    expect(unobserved).toEqual([]);
    await scene.end(client);
  });
});

describe('the record', () => {
  it('is not overwritten by a passive look', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', exclusive: true, arguments: { 'x-max-length': 5 } }));
    await done(scene, client.queueDeclare({ queue: 'q', passive: true }));
    await done(scene, client.exchangeDeclare({ exchange: 'e', type: 'topic', durable: true }));
    await done(scene, client.exchangeDeclare({ exchange: 'e', passive: true }));
    await scene.cut(client);
    expect(scene.broker.queue('q')).toMatchObject({ exclusive: true, arguments: { 'x-max-length': 5 } });
    expect(scene.broker.exchanges().find(({ name }) => name === 'e')).toMatchObject({ type: 'topic', durable: true });
    expect(scene.broker.mistakes).toEqual([]);
    await scene.end(client);
  });

  it('has the last of two bindings that differ in their arguments', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
    await done(scene, client.queueBind({ queue: 'q', exchange: 'amq.headers', arguments: { a: 1 } }));
    await done(scene, client.queueUnbind({ queue: 'q', exchange: 'amq.headers', arguments: { a: 1 } }));
    await done(scene, client.queueBind({ queue: 'q', exchange: 'amq.headers', arguments: { b: 2 } }));
    await scene.cut(client);
    expect(scene.broker.bindings().map(({ arguments: table }) => table)).toEqual([{ b: 2 }]);
    await scene.end(client);
  });
});

describe('a queue that is away', () => {
  it('gets its consumer back after 60 s, whatever the reason', async () => {
    for (const reason of ['node', 'supervisor', 'crash', 'timeout'] as const) {
      const scene = await Scene.start();
      const client = await scene.connected();
      client.on('notRestored', () => {});
      await done(scene, client.queueDeclare({ queue: 'q', durable: true }));
      await done(scene, client.queueDeclare({ queue: 'other' }));
      const { texts, consumer } = collect(client, 'q');
      const other = collect(client, 'other');
      await scene.settle();
      scene.broker.faults.dropConnections();
      scene.broker.faults.stopQueue('q', { reason });
      await scene.until(() => client.state === 'connected');
      client.basicPublish({ routingKey: 'other', body: 'not held up' });
      await scene.advance(60_000);
      expect(client.recovery.retrying.map(({ entity }) => entity)).toMatchObject([{ kind: 'queue', queue: 'q' }]);
      expect(other.texts).toEqual(['not held up']);
      expect(consumer.isEnded, reason).toBe(false);
      scene.broker.faults.startQueue('q');
      await scene.advance(2000);
      client.basicPublish({ routingKey: 'q', body: 'back' });
      await scene.settle();
      expect(texts, reason).toEqual(['back']);
      await scene.end(client);
    }
  });
});

describe('a consumer that is refused once', () => {
  it('delivers after the next recovery', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    client.on('notRestored', () => {});
    await done(scene, client.queueDeclare({ queue: 'q' }));
    const { texts, consumer } = collect(client, 'q', { exclusive: true });
    await done(scene, consumer.ready);
    const text = "queue 'q' in vhost '/' in exclusive use";
    scene.broker.faults.refuse('basic.consume', { code: 403, text, times: 2 });
    await scene.cut(client);
    await scene.cut(client);
    await scene.advance(2000);
    client.basicPublish({ routingKey: 'q', body: 'x' });
    await scene.settle();
    expect(texts).toEqual(['x']);
    await scene.end(client);
  });
});

describe('failures', () => {
  it('to restore are emitted, and without a listener go to unobserved', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push(error));
    await done(scene, client.queueDeclare({ queue: 'q' }));
    const { consumer } = collect(client, 'q');
    await done(scene, consumer.ready);
    scene.broker.faults.refuse('basic.consume', { code: 403, text: 'no right', times: 1 });
    await scene.cut(client);
    await scene.settle();
    expect(consumer.isEnded).toBe(true);
    expect(unobserved).toMatchObject([{ code: 'ACCESS_REFUSED' }]);
    await scene.end(client);
  });

  it('for good are emitted as closed, and everything open settles', async () => {
    const scene = await Scene.start();
    const recover = { minDelay: 10, maxDelay: 10, maxAttempts: 3 };
    const client = await scene.connected({ recover });
    const closed: unknown[] = [];
    client.on('closed', (error) => closed.push(error));
    await done(scene, client.queueDeclare({ queue: 'q' }));
    const ends: unknown[] = [];
    client.basicConsume({ queue: 'q' }, (error) => ends.push(error));
    await scene.settle();
    scene.broker.faults.refuseConnections();
    scene.broker.faults.dropConnections();
    await scene.settle();
    const open = [
      client.queueDeclare({ queue: 'q' }),
      client.basicGet({ queue: 'q' }),
      client.connect(),
      client.basicPublish({ routingKey: 'q', body: 'x' }),
      client.basicConsume({ queue: 'q' }).ready,
    ];
    await scene.advance(1000);
    expect(closed).toMatchObject([{ code: 'CONNECTION_BROKEN' }]);
    expect(open.map(({ state }) => state)).toEqual(open.map(() => 'rejected'));
    expect(ends).toMatchObject([{ code: 'CONNECTION_BROKEN' }]);
    expect(client.state).toBe('idle');
    expect(endOf(client.queueDeclare({ queue: 'q' }))).toBe('CONNECTION_BROKEN not-sent');
    scene.broker.faults.clear();
    await scene.end(client);
  });
});

describe('consumers whose tags were used before', () => {
  it('have one subscription each', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    for (const queue of ['a', 'b']) await done(scene, client.queueDeclare({ queue }));
    const first = client.basicConsume({ queue: 'a', consumerTag: 'tag' });
    await done(scene, first.ready);
    await done(scene, client.basicCancel(first));
    const one = collect(client, 'a', { consumerTag: 'tag' });
    const two = collect(client, 'b', { consumerTag: 'tag' });
    await scene.settle();
    for (let round = 0; round < 3; round++) await scene.cut(client);
    for (const routingKey of ['a', 'b']) client.basicPublish({ routingKey, body: routingKey });
    await scene.settle();
    expect([one.texts, two.texts]).toEqual([['a'], ['b']]);
    for (const queue of ['a', 'b']) expect(scene.broker.queue(queue)?.consumers).toHaveLength(1);
    await scene.end(client);
  });
});

describe('losses in the middle of recovery', () => {
  it('make attempts that come strictly one by one', async () => {
    for (let bytes = 0; bytes < 2500; bytes += 61) {
      const scene = await Scene.start();
      const client = await scene.connected({ recover: { minDelay: 10, maxDelay: 20 } });
      client.on('notRestored', () => {});
      await done(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
      await done(scene, client.queueBind({ queue: 'q', exchange: 'amq.direct', routingKey: 'k' }));
      const { texts } = collect(client, 'q');
      await scene.settle();
      let most = 0;
      client.on('recovering', () => {
        most = Math.max(most, scene.sockets);
      });
      scene.broker.faults.dropAfterBytes(bytes, { connections: 'next', from: bytes % 2 === 0 ? 'broker' : 'client' });
      scene.broker.faults.dropConnections();
      await scene.settle();
      await scene.advance(500);
      await scene.until(() => client.state === 'connected');
      client.basicPublish({ exchange: 'amq.direct', routingKey: 'k', body: 'x' });
      await scene.advance(500);
      expect(texts, `${bytes}`).toEqual(['x']);
      expect(scene.sockets).toBe(1);
      expect(most).toBeLessThanOrEqual(1);
      await scene.end(client);
    }
  });

  it('320 in each state of the handshake goes on', async () => {
    const methods = ['connection.start-ok', 'connection.tune-ok', 'connection.open', 'channel.open'] as const;
    for (const method of methods) {
      const scene = await Scene.start();
      const client = await scene.connected();
      await done(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
      try {
        scene.broker.faults.refuse(method, { code: 320, text: 'CONNECTION_FORCED', times: 2 });
      } catch {
        scene.broker.faults.refuseConnections(2);
      }
      await scene.cut(client);
      expect(scene.broker.queue('q'), method).toBeDefined();
      await scene.end(client);
    }
  });
});

describe('close() while recovering', () => {
  it('settles at each step, no attempt follows, and no socket is left', async () => {
    for (let delayed = 0; delayed < 40; delayed++) {
      const scene = await Scene.start();
      const client = await scene.connected({ recover: { minDelay: 10, maxDelay: 20 } });
      await done(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
      collect(client, 'q');
      await scene.settle();
      scene.broker.faults.splitReads(20);
      scene.broker.faults.dropConnections();
      await scene.settle();
      let left = delayed;
      const steps = new Promise<void>((resolve) => {
        const step = (): void => {
          if (left-- <= 0) resolve();
          else setImmediate(step);
        };
        step();
      });
      void scene.broker.advance(20);
      scene.clock.advance(20);
      await steps;
      const closing = client.close();
      await scene.settle();
      await scene.advance(15_000);
      expect(endOf(closing)).toBe('fulfilled');
      const dialled = scene.dialled.length;
      await scene.advance(60_000);
      expect(scene.dialled).toHaveLength(dialled);
      expect([client.state, scene.sockets, scene.timers]).toEqual(['idle', 0, 0]);
      await scene.end(client);
    }
  });
});

/** An attempt that kept its session would keep more bytes of the heap. */
const leastKept = 4000;

function usedHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('attempts that fail', () => {
  it.each(['refused', 'login', 'open', 'cut', 'silent'] as const)(
    'leave no socket, no timer, no listener and no memory, however often: %s',
    async (kind) => {
      const scene = await Scene.start();
      const { faults } = scene.broker;
      const recover = { minDelay: 1, maxDelay: 2, retryIf: () => true };
      const client = await scene.connected({ recover, connectTimeout: 1000 });
      client.on('unobserved', () => {});
      await done(scene, client.queueDeclare({ queue: 'q' }));
      if (kind === 'refused') faults.refuseConnections();
      if (kind === 'login') faults.refuseLogins();
      if (kind === 'open') faults.refuse('connection.open', { code: 530, times: Number.POSITIVE_INFINITY });
      if (kind === 'silent') faults.delayReplies('connection.open', 60_000);
      let attempts = 0;
      client.on('recovering', () => {
        attempts++;
        if (kind === 'cut') faults.dropAfterBytes(300, { connections: 'next' });
      });
      faults.dropConnections();
      await scene.settle();
      let mostTimers = 0;
      const attemptUntil = async (wanted: number): Promise<void> => {
        for (let round = 0; attempts < wanted && round < 10_000; round++) {
          await scene.advance(kind === 'silent' ? 1000 : 2);
          mostTimers = Math.max(mostTimers, scene.timers);
          expect(scene.sockets).toBeLessThanOrEqual(1);
        }
        expect(attempts, kind).toBeGreaterThanOrEqual(wanted);
      };
      await attemptUntil(200);
      const heapBefore = usedHeap();
      await attemptUntil(1000);
      expect(usedHeap() - heapBefore, kind).toBeLessThan(800 * leastKept);
      expect(mostTimers).toBeLessThanOrEqual(3);
      expect(scene.broker.connections.length).toBeLessThanOrEqual(1);
      const closing = client.close();
      await scene.settle();
      await scene.advance(20_000);
      expect([endOf(closing), scene.sockets, scene.timers]).toEqual(['fulfilled', 0, 0]);
      faults.clear();
      await scene.end(client);
    },
  );
});

describe('credentials', () => {
  it('are asked for once a round over 50 recoveries, and each renewal is of one connection', async () => {
    const scene = await Scene.start();
    let asked = 0;
    const lifeMs = 100_000;
    const client = await scene.connected({
      credentials: () => {
        asked++;
        return { username: 'guest', password: 'guest', expiresAt: new Date(Date.now() + lifeMs) };
      },
    });
    for (let round = 0; round < 50; round++) await scene.cut(client);
    expect(asked).toBe(51);
    expect(scene.timers).toBeLessThanOrEqual(2);
    await scene.end(client);
    expect(scene.timers).toBe(0);
  });
});

describe('acks of three connections', () => {
  it('are false or exact, and the broker sees no unknown tag', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', durable: true }));
    for (const body of ['1', '2', '3', '4']) await done(scene, client.basicPublish({ routingKey: 'q', body }));
    const got: Message[][] = [[], [], []];
    let epoch = 0;
    client.basicConsume({ queue: 'q' }, (_error, message) => {
      if (message !== undefined) got[epoch]?.push(message);
    });
    await scene.settle();
    for (epoch = 1; epoch < 3; epoch++) await scene.cut(client);
    await scene.settle();
    expect(got.map((messages) => messages.length)).toEqual([4, 4, 4]);
    const [old, older, now] = [got[0] ?? [], got[1] ?? [], got[2] ?? []];
    // In mixed order: what is acked by an old one must not touch another.
    expect([old[0]?.ack(), older[1]?.ack(), now[2]?.ack(), old[3]?.ack(), now[0]?.ack()]).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
    await scene.settle();
    expect(scene.broker.queue('q')?.unacked).toBe(2);
    expect(scene.broker.mistakes).toEqual([]);
    await scene.end(client);
    expect(scene.broker.queue('q')?.messages.map((message) => message.text())).toEqual(['2', '4']);
  });
});

describe('publishes', () => {
  it('are all there after a cut in the middle of reordered confirms, in the order of the calls', async () => {
    const scene = await Scene.start();
    const { faults } = scene.broker;
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', durable: true }));
    faults.reorderConfirms();
    const bodies = Array.from({ length: 50 }, (_, index) => `${index}`);
    const publishes = bodies.map((body) => client.basicPublish({ routingKey: 'q', body }));
    faults.dropAfterBytes(200);
    await scene.settle();
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect(new Set(publishes.map(endOf))).toEqual(new Set(['fulfilled']));
    const there = scene.broker.queue('q')?.messages.map((message) => message.text()) ?? [];
    expect(new Set(there)).toEqual(new Set(bodies));
    const lastCopies = there.slice(50).map(Number);
    expect(lastCopies).toEqual([...lastCopies].sort((a, b) => a - b));
    await scene.end(client);
  });

  it('that kill their channel are not sent for ever: the one alone fails', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', durable: true }));
    let refused = 0;
    scene.broker.faults.refuse('basic.publish', {
      code: 403,
      text: 'poison',
      times: Number.POSITIVE_INFINITY,
      match: ({ routingKey }) => {
        if (routingKey === 'poison') refused++;
        return routingKey === 'poison';
      },
    });
    const publishes = Array.from({ length: 1000 }, (_, index) =>
      client.basicPublish({ routingKey: index === 400 ? 'poison' : 'q', body: `${index}` }),
    );
    scene.broker.faults.dropConnections();
    await scene.settle();
    await scene.until(() => client.state === 'connected');
    await scene.advance(1000);
    const failed = publishes.flatMap((publish, index) => (publish.state === 'fulfilled' ? [] : [index]));
    expect(failed).toEqual([400]);
    expect(refused).toBeLessThan(10);
    const there = scene.broker.queue('q')?.messages.map((message) => message.text()) ?? [];
    expect(new Set(there).size).toBe(999);
    await scene.end(client);
  });

  it('are refused above the bound while the broker is away for an hour', async () => {
    const scene = await Scene.start();
    const client = await scene.connected({ maxBufferedBytes: 100_000, recover: { minDelay: 1000, maxDelay: 30_000 } });
    await done(scene, client.queueDeclare({ queue: 'q' }));
    scene.broker.faults.refuseConnections();
    scene.broker.faults.dropConnections();
    await scene.settle();
    const held: Operation<void>[] = [];
    const refused: Operation<void>[] = [];
    let most = 0;
    for (let minute = 0; minute < 60; minute++) {
      for (let index = 0; index < 5; index++) {
        const publish = client.basicPublish({ routingKey: 'q', body: 'x'.repeat(1000) });
        publish.catch(() => {});
        (publish.state === 'rejected' ? refused : held).push(publish);
      }
      most = Math.max(most, client.recovery.held.bytes);
      await scene.advance(60_000);
    }
    expect(client.needsDrain).toBe(true);
    expect(most).toBeLessThan(201_000 + 2000);
    expect(new Set(refused.map((publish) => endOf(publish).split(' ')[0]))).toEqual(new Set(['LIMIT_EXCEEDED']));
    expect(refused.length).toBeGreaterThan(60);
    scene.broker.faults.clear();
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect(new Set(held.map(endOf))).toEqual(new Set(['fulfilled']));
    expect(client.needsDrain).toBe(false);
    await scene.end(client);
  });

  it('in every turn around the cut settle, and none that is fulfilled is lost', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q', durable: true }));
    const publishes: Operation<void>[] = [];
    const publish = (): void => {
      publishes.push(client.basicPublish({ routingKey: 'q', body: `${publishes.length}` }));
    };
    for (const event of ['disconnected', 'recovering', 'connected'] as const) client.on(event, publish);
    for (let round = 0; round < 20; round++) {
      publish();
      for (let turn = 0; turn < round; turn++) await Promise.resolve().then(publish);
      scene.broker.faults.dropConnections();
      for (let turn = 0; turn < 30; turn++) await Promise.resolve().then(publish);
      await scene.until(() => client.state === 'connected');
    }
    await scene.settle();
    expect(new Set(publishes.map(endOf))).toEqual(new Set(['fulfilled']));
    const there = new Set(scene.broker.queue('q')?.messages.map((message) => message.text()));
    expect(there.size).toBe(publishes.length);
    await scene.end(client);
  });
});

describe('the prefetch', () => {
  it('is in force after five recoveries, and a basicQos in the gap', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q' }));
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 5 }, () => {});
    await done(scene, consumer.ready);
    for (let round = 0; round < 5; round++) await scene.cut(client);
    await scene.settle();
    expect(scene.broker.queue('q')?.consumers).toMatchObject([{ prefetchCount: 5 }]);
    scene.broker.faults.dropConnections();
    await scene.settle();
    const qos = client.basicQos(consumer, { prefetchCount: 9 });
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect(endOf(qos)).toBe('fulfilled');
    expect(scene.broker.queue('q')?.consumers).toMatchObject([{ prefetchCount: 9 }]);
    for (let index = 0; index < 20; index++) client.basicPublish({ routingKey: 'q', body: 'x' });
    await scene.settle();
    expect(scene.broker.queue('q')?.unacked).toBe(9);
    await scene.end(client);
  });
});

describe('a connection that dies blocked', () => {
  it('unblocks the publisher, and is blocked again where the alarm is still on', async () => {
    for (const stillOn of [true, false]) {
      const scene = await Scene.start();
      const client = await scene.connected();
      const events = eventsOf(client);
      await done(scene, client.queueDeclare({ queue: 'q', durable: true }));
      scene.broker.block();
      const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
      await scene.settle();
      if (!stillOn) scene.broker.unblock();
      if (!stillOn) scene.broker.block();
      scene.broker.faults.dropConnections();
      await scene.settle();
      if (!stillOn) scene.broker.unblock();
      await scene.until(() => client.state === 'connected');
      await scene.settle();
      expect(events.join(' ')).toMatch(/blocked .*disconnected unblocked recovering connected/);
      if (stillOn) {
        expect(endOf(publish)).toBe('pending');
        scene.broker.unblock();
        await scene.settle();
      }
      expect(endOf(publish)).toBe('fulfilled');
      await scene.end(client);
    }
  });
});

describe('a broker that boots', () => {
  it('drops logins, and refuses the vhost with 541: recovery goes on', async () => {
    const scene = await Scene.start();
    const { faults } = scene.broker;
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q' }));
    client.on('recovering', ({ attempt }) => {
      // EOF after start-ok: the broker has sent connection.start, and nothing more.
      if (attempt < 5) faults.dropAfterBytes(450, { connections: 'next' });
    });
    faults.vhostDown();
    await scene.settle();
    await scene.advance(30_000);
    expect(client.state).toBe('recovering');
    faults.vhostUp();
    await scene.until(() => client.state === 'connected');
    await scene.end(client);
  });
});

describe('a fleet of 1000 clients', () => {
  it('does not come back in one moment: no tenth of the window has over 15 % of the first attempts', async () => {
    const scene = await Scene.start();
    let state = 7;
    scene.random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const delays: number[] = [];
    const clients: Client[] = [];
    for (let index = 0; index < 1000; index++) {
      const client = scene.client({ recover: true });
      client.on('recovering', ({ delayMs }) => delays.push(delayMs));
      client.connect();
      clients.push(client);
    }
    await scene.settle();
    scene.broker.faults.dropConnections();
    await scene.settle();
    expect(delays).toHaveLength(1000);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const delayMs of delays) {
      expect(delayMs).toBeGreaterThanOrEqual(200);
      expect(delayMs).toBeLessThan(1000);
      const tenth = Math.floor((delayMs - 200) / 80);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(Math.max(...tenths)).toBeLessThan(150);
    for (const client of clients) client.close();
    await scene.settle();
    await scene.broker.stop();
  });
});
