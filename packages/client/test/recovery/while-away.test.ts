/** What a client does with calls, attempts and its process while its connection is away. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { endOf, Scene } from './scene.ts';

async function done<Result>(scene: Scene, operation: Operation<Result>): Promise<Result> {
  await scene.settle();
  return operation;
}

async function lose(scene: Scene): Promise<void> {
  scene.broker.faults.dropConnections();
  await scene.settle();
}

/** How often the broker is sent each of these from now on. */
function sentCounts(scene: Scene): Map<string, number> {
  const counts = new Map<string, number>();
  const methods = [
    'queue.declare',
    'queue.bind',
    'queue.purge',
    'queue.delete',
    'exchange.declare',
    'basic.get',
  ] as const;
  for (const method of methods) {
    const count = (): boolean => {
      counts.set(method, (counts.get(method) ?? 0) + 1);
      return false;
    };
    scene.broker.faults.refuse(method, { code: 404, match: count });
  }
  return counts;
}

describe('operations that are held', () => {
  it('go out once', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await lose(scene);
    const counts = sentCounts(scene);
    const held = [
      client.exchangeDeclare({ exchange: 'e' }),
      client.queueDeclare({ queue: 'q' }),
      client.queueBind({ queue: 'q', exchange: 'e' }),
      client.queuePurge({ queue: 'q' }),
      client.basicGet({ queue: 'q' }),
      client.queueDelete({ queue: 'other' }),
    ];
    expect(client.recovery.held.operations).toBe(held.length);
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect(held.map(endOf)).toEqual(held.map(() => 'fulfilled'));
    expect(Object.fromEntries(counts)).toEqual({
      'exchange.declare': 1,
      'queue.declare': 1,
      'queue.bind': 1,
      'queue.purge': 1,
      'basic.get': 1,
      'queue.delete': 1,
    });
    await scene.end(client);
  });

  it('are no more than maxHeldOperations; publishes do not count among them', async () => {
    const scene = await Scene.start();
    const client = await scene.connected({ recover: { minDelay: 50, maxDelay: 50, maxHeldOperations: 2 } });
    await done(scene, client.queueDeclare({ queue: 'q' }));
    await lose(scene);
    const held = [client.queueDeclare({ queue: 'q' }), client.basicGet({ queue: 'q' })];
    const publishes = [1, 2, 3].map((number) => client.basicPublish({ routingKey: 'q', body: `${number}` }));
    const beyond = [client.queuePurge({ queue: 'q' }), client.basicConsume({ queue: 'q' }).ready];
    expect(beyond.map(endOf)).toEqual(['LIMIT_EXCEEDED not-sent', 'LIMIT_EXCEEDED not-sent']);
    for (const operation of beyond) await expect(operation).rejects.toMatchObject({ retryable: true });
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect([...held, ...publishes].map(endOf)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    await scene.end(client);
  });
});

describe('a consumer that was started while the connection is away', () => {
  it('ends by ConnectionBroken and was not sent when the client gives up, like all that waits', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    scene.broker.faults.refuseLogins();
    await lose(scene);
    const consumer = client.basicConsume({ queue: 'q' });
    const declared = client.queueDeclare({ queue: 'q' });
    await scene.advance(60_000);
    expect([consumer.ready, declared].map(endOf)).toEqual(Array(2).fill('CONNECTION_BROKEN not-sent'));
    await expect(consumer.ready).rejects.toMatchObject({ cause: { code: 'AUTHENTICATION_FAILED' } });
    await scene.end(client);
  });
});

describe('publishes', () => {
  it('given up leave room at once: drained() settles, and nothing is left to shut down', async () => {
    const scene = await Scene.start();
    const client = await scene.connected({ maxOpenPublishes: 2 });
    await lose(scene);
    const given = new AbortController();
    const { signal } = given;
    const publishes = [1, 2, 3].map(() => client.basicPublish({ routingKey: 'q', body: 'x', signal }));
    expect(client.needsDrain).toBe(true);
    const drained = client.drained();
    given.abort('enough');
    expect([drained, ...publishes].map(endOf)).toEqual(['fulfilled', 'enough', 'enough', 'enough']);
    expect(client.needsDrain).toBe(false);
    expect(client.metrics().publishes).toMatchObject({ open: 0, openBytes: 0 });
    expect(client.recovery.held.publishes).toBe(0);
    expect(await done(scene, client.shutdown())).toMatchObject({ publishesUnknown: 0 });
    await scene.end(client);
  });

  it('with a timeout or a signal are sent as they were at the call', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await done(scene, client.queueDeclare({ queue: 'q' }));
    await lose(scene);
    const bodies = [20_000, 10].map((length) => new Uint8Array(length).fill(1));
    const [large = new Uint8Array(), small = new Uint8Array()] = bodies;
    const bounds = [{ timeout: 60_000 }, { signal: new AbortController().signal }];
    const publishes = bounds.flatMap((bound) => [
      client.basicPublish({ routingKey: 'q', body: large, ...bound }),
      client.basicPublish({ routingKey: 'q', body: small, ...bound }),
    ]);
    for (const body of bodies) body.fill(2);
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect(publishes.map(endOf)).toEqual(publishes.map(() => 'fulfilled'));
    for (const length of [20_000, 10, 20_000, 10]) {
      const message = await done(scene, client.basicGet({ queue: 'q', noAck: true }));
      expect([message?.body.length, message?.body.every((octet) => octet === 1)]).toEqual([length, true]);
    }
    await scene.end(client);
  });
});

describe('attempts', () => {
  const attemptsOf = (client: Client): number[] => {
    const attempts: number[] = [];
    client.on('recovering', ({ attempt }) => attempts.push(attempt));
    return attempts;
  };

  it('are counted on over connections that die young, and from 1 after one that was open for stableAfter', async () => {
    const scene = await Scene.start();
    const client = await scene.connected({ recover: { minDelay: 10, maxDelay: 1000, stableAfter: 5000 } });
    const attempts = attemptsOf(client);
    await scene.advance(5000);
    for (let round = 0; round < 3; round++) await scene.cut(client);
    expect(attempts).toEqual([1, 2, 3]);
    await scene.advance(4900);
    await scene.cut(client);
    expect(attempts).toEqual([1, 2, 3, 4]);
    await scene.advance(5000);
    await scene.cut(client);
    expect(attempts).toEqual([1, 2, 3, 4, 1]);
    await scene.end(client);
  });

  it('begin after the host that was lost, which comes last in the round', async () => {
    const scene = await Scene.start();
    const urls = ['amqp://one', 'amqp://two', 'amqp://three'];
    const client = scene.client({ recover: { minDelay: 10, maxDelay: 10 } }, urls);
    await done(scene, client.connect());
    await scene.cut(client);
    await scene.cut(client);
    expect(scene.dialled).toEqual(['one', 'two', 'three']);
    scene.broker.faults.refuseConnections(2);
    await scene.cut(client);
    expect(scene.dialled.slice(3)).toEqual(['one', 'two', 'three']);
    await scene.end(client);
  });
});

describe('a process with nothing but a client', () => {
  it('is kept by the timer of the next attempt, and by nothing after close()', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    expect(scene.keeping).toBe(0);
    scene.broker.faults.refuseConnections();
    await lose(scene);
    for (let attempt = 0; attempt < 5; attempt++) {
      expect([client.recovery.phase, scene.keeping]).toEqual(['waiting', 1]);
      await scene.advance((client.recovery.nextAttemptMs ?? 0) + 1);
    }
    await done(scene, client.close());
    expect([scene.keeping, scene.timers]).toEqual([0, 0]);
    await scene.end(client);
  });
});

describe('connect() in retryIf', () => {
  it('resolves with the next connection', async () => {
    const scene = await Scene.start();
    const calls: Operation<unknown>[] = [];
    const retryIf = (): boolean => {
      calls.push(client.connect());
      return true;
    };
    const client: Client = await scene.connected({ recover: { minDelay: 50, maxDelay: 50, retryIf } });
    await scene.cut(client);
    await scene.cut(client);
    await scene.settle();
    expect(calls.map(endOf)).toEqual(calls.map(() => 'fulfilled'));
    expect(calls.length).toBe(2);
    await scene.end(client);
  });
});
