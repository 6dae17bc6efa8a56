import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/operations/operation.ts';
import type { QueueDeclareOptions } from '../../src/topology/options.ts';
import { endOf, Scene } from '../recovery/scene.ts';
import { ScriptedBroker } from '../scripted-broker.ts';

it('sends what was held in the order of the calls, and repeats what was under way but for a purge', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  client.on('unobserved', () => {});
  client.queueDeclare({ queue: 'q', durable: true });
  await scene.settle();
  scene.broker.faults.delayReplies('queue.purge', 60_000, { times: 1 });
  scene.broker.faults.delayReplies('queue.bind', 60_000, { times: 1 });
  const underWay = [
    client.queuePurge({ queue: 'q' }),
    client.queueBind({ queue: 'q', exchange: 'amq.direct', routingKey: 'k' }),
  ];
  await scene.settle();
  scene.broker.faults.dropConnections();
  await scene.settle();
  const held = [
    client.queueDelete({ queue: 'q' }),
    client.queueDeclare({ queue: 'q', durable: true, arguments: { 'x-max-length': 1 } }),
    client.queuePurge({ queue: 'q' }),
  ];
  await scene.until(() => client.state === 'connected');
  await scene.settle();
  expect(underWay.map(endOf)).toEqual(['CONNECTION_BROKEN unknown', 'fulfilled']);
  expect(held.map(endOf)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  await scene.end(client);
});

it('refuses at the call what cannot be encoded, also while the connection is away', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  scene.broker.faults.dropConnections();
  await scene.settle();
  const operation = client.queueDeclare({ queue: 'q'.repeat(300) });
  expect(endOf(operation)).toMatch(/^USAGE_ERROR/);
  operation.catch(() => {});
  await scene.end(client);
});

it('passes the outcome unknown to what is refused when it is repeated', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  scene.broker.faults.delayReplies('queue.declare', 60_000, { times: 1 });
  const declare = client.queueDeclare({ queue: 'q' });
  declare.catch(() => {});
  await scene.settle();
  scene.broker.faults.refuse('queue.declare', { code: 403, times: 1 });
  await scene.cut(client);
  await scene.settle();
  expect(endOf(declare)).toBe('ACCESS_REFUSED unknown');
  await scene.end(client);
});

it('loses none of those that wait for suspects when the connection ends once more', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  client.on('unobserved', () => {});
  scene.broker.faults.refuse('queue.declare', { code: 541, times: 2, match: { queue: 'b' } });
  const operations = [
    client.queueDeclare({ queue: 'a' }),
    client.queueDeclare({ queue: 'b' }),
    client.exchangeDeclare({ exchange: 'waits' }),
  ];
  for (const operation of operations) operation.catch(() => {});
  await scene.settle();
  await scene.advance(10_000);
  expect(operations.map(({ state }) => state)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await scene.end(client);
});

it('takes options and tables as they are at the call, for what has to wait and for what is made again', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  const table = { 'x-max-length': 0 };
  const options = { queue: '', exclusive: true, arguments: table };
  const binding = { queue: '', exchange: 'amq.headers', arguments: { 'x-match': 'all', 'part-number': 0 } };
  // More than have a channel at once.
  const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
  const calls = numbers.flatMap((number) => {
    options.queue = `q${number}`;
    table['x-max-length'] = number;
    binding.queue = options.queue;
    binding.arguments['part-number'] = number;
    return [client.queueDeclare(options), client.queueBind(binding)];
  });
  await scene.settle();
  await Promise.all(calls);
  const made = () => [
    scene.broker.queues().map((queue) => [queue.name, queue.arguments['x-max-length']]),
    scene.broker.bindings().map((each) => [each.destination, each.arguments['part-number']]),
  ];
  const named = numbers.map((number) => [`q${number}`, number]);
  expect(made()).toEqual([named, named]);
  await scene.cut(client);
  expect(made()).toEqual([named, named]);
  await scene.end(client);
});

it('knows the exchange that was declared, not the one that the options name by the time of the reply', async () => {
  const broker = new ScriptedBroker();
  const client = await broker.connected();
  client.on('unobserved', () => {});
  const options = { exchange: 'declared' };
  const declare = client.exchangeDeclare(options);
  options.exchange = 'named later';
  await broker.pump();
  await declare;
  client.basicPublish({ exchange: 'named later', routingKey: 'k', body: 'b' });
  await broker.pump();
  // It is looked up, as every exchange is that the client does not know.
  expect(broker.last('exchange.declare').method).toMatchObject({ exchange: 'named later', passive: true });
});

describe('a server of version 4.3', () => {
  async function declared(version: string, options: QueueDeclareOptions) {
    const broker = new ScriptedBroker();
    broker.serverProperties = { version };
    const client = await broker.connected();
    void client.queueDeclare(options);
    await broker.pump();
    const { durable, exclusive } = broker.last('queue.declare').method;
    return { durable, exclusive };
  }

  it('gets durable for a named queue and exclusive for a server-named one, if nothing else was set', async () => {
    for (const version of ['4.3.0', '4.3.0-rc.1', '4.10.2', '5.0.0']) {
      expect(await declared(version, { queue: 'q' })).toEqual({ durable: true, exclusive: false });
      expect(await declared(version, {})).toEqual({ durable: false, exclusive: true });
    }
  });

  it('gets what was said, where something was', async () => {
    const at = (options: QueueDeclareOptions) => declared('4.3.1', options);
    expect(await at({ queue: 'q', durable: false })).toEqual({ durable: false, exclusive: false });
    expect(await at({ queue: 'q', exclusive: true })).toEqual({ durable: false, exclusive: true });
    expect(await at({ durable: true })).toEqual({ durable: true, exclusive: false });
    // It must be one of the two: not exclusive by word, so durable.
    expect(await at({ exclusive: false })).toEqual({ durable: true, exclusive: false });
  });

  it('is no older one, and none that reports no version', async () => {
    for (const version of ['3.13.7', '4.2.9', '4.0.0', 'unknown', '']) {
      expect(await declared(version, { queue: 'q' })).toEqual({ durable: false, exclusive: false });
      expect(await declared(version, {})).toEqual({ durable: false, exclusive: false });
    }
  });
});

describe('an old name of a server-named queue', () => {
  async function renamed() {
    const scene = await Scene.start();
    const client = await scene.connected();
    const declaring = client.queueDeclare({ exclusive: true });
    await scene.settle();
    const declared = await declaring;
    const first = declared.queue;
    await scene.cut(client);
    expect(declared.queue).not.toBe(first);
    const keys = (): string[] =>
      scene.broker
        .bindings()
        .filter(({ source, destination }) => source === 'amq.direct' && destination === declared.queue)
        .map(({ routingKey }) => routingKey)
        .sort();
    const bound = (routingKey: string) => ({ queue: first, exchange: 'amq.direct', routingKey });
    return { scene, client, first, keys, bound };
  }

  it('binds, unbinds and deletes for good', async () => {
    const { scene, client, first, keys, bound } = await renamed();
    for (const routingKey of ['a', 'b', 'c']) void client.queueBind(bound(routingKey));
    await scene.settle();
    void client.queueUnbind(bound('b'));
    await scene.settle();
    expect(keys()).toEqual(['a', 'c']);
    await scene.cut(client);
    expect(keys()).toEqual(['a', 'c']);
    void client.queueDelete({ queue: first });
    await scene.settle();
    expect(client.recovery.recorded).toEqual({ exchanges: 0, queues: 0, bindings: 0 });
    await scene.cut(client);
    expect(scene.broker.queues()).toEqual([]);
    await scene.end(client);
  });

  it('binds and unbinds for good where that is under way at a loss, or is called before the queue is made again', async () => {
    for (const when of ['under way', 'held'] as const) {
      const { scene, client, keys, bound } = await renamed();
      for (const routingKey of ['kept', 'left']) void client.queueBind(bound(routingKey));
      await scene.settle();
      const call = (): Operation<void>[] => [client.queueBind(bound('late')), client.queueUnbind(bound('left'))];
      let operations: Operation<void>[] = [];
      if (when === 'under way') {
        for (const method of ['queue.bind', 'queue.unbind'] as const) {
          scene.broker.faults.delayReplies(method, 60_000, { times: 1 });
        }
        operations = call();
        await scene.settle();
      }
      scene.broker.faults.dropConnections();
      await scene.settle();
      if (when === 'held') operations = call();
      await scene.until(() => client.state === 'connected');
      await scene.settle();
      expect(operations.map(endOf)).toEqual(['fulfilled', 'fulfilled']);
      expect(keys()).toEqual(['kept', 'late']);
      await scene.cut(client);
      expect(keys()).toEqual(['kept', 'late']);
      await scene.end(client);
    }
  });

  it('is consumed, also together with another queue', async () => {
    const { scene, client, first } = await renamed();
    void client.queueDeclare({ queue: 'q' });
    await scene.settle();
    const consumers = [
      client.basicConsume({ queue: first }),
      client.basicConsumeMulti({ queues: ['q', { queue: first }] }),
    ];
    await scene.settle();
    expect(consumers.map(({ ready }) => endOf(ready))).toEqual(['fulfilled', 'fulfilled']);
    await scene.cut(client);
    expect(consumers.map(({ isEnded }) => isEnded)).toEqual([false, false]);
    await scene.end(client);
  });
});

describe('a repeated declare of an exclusive queue', () => {
  async function declaredAtLoss(recover: object = {}) {
    const scene = await Scene.start({ heartbeat: 10 });
    const client = await scene.connected({ recover: { minDelay: 50, maxDelay: 1000, ...recover } });
    scene.broker.faults.delayReplies('queue.declare', 3_600_000, { times: 1 });
    const declare = client.queueDeclare({ queue: 'mine', exclusive: true });
    declare.catch(() => {});
    await scene.settle();
    scene.broker.faults.ghosts(60_000);
    await scene.until(() => client.state === 'recovering', 40_000);
    await scene.until(() => client.state === 'connected');
    await scene.settle();
    expect(endOf(declare)).toBe('pending');
    return { scene, client, declare };
  }

  it('waits until the broker has found the lost connection dead', async () => {
    const { scene, client, declare } = await declaredAtLoss();
    expect(client.recovery.held.operations).toBe(1);
    await scene.until(() => declare.state !== 'pending');
    expect(endOf(declare)).toBe('fulfilled');
    await scene.cut(client);
    expect(scene.broker.queue('mine')).toBeDefined();
    await scene.end(client);
  });

  it('is refused when exclusiveFor is over', async () => {
    const { scene, client, declare } = await declaredAtLoss({ exclusiveFor: 5000 });
    await scene.advance(12_000);
    expect(endOf(declare)).toBe('RESOURCE_LOCKED unknown');
    await scene.end(client);
  });

  it('goes over the next connection where this one ends too, and ends with the client', async () => {
    const again = await declaredAtLoss();
    await again.scene.cut(again.client);
    await again.scene.until(() => again.declare.state !== 'pending');
    expect(endOf(again.declare)).toBe('fulfilled');
    await again.scene.end(again.client);
    const closed = await declaredAtLoss();
    const closing = closed.client.close();
    await closed.scene.settle();
    await closing;
    expect(endOf(closed.declare)).toBe('CONNECTION_BROKEN unknown');
    expect(closed.scene.timers).toBe(0);
    await closed.scene.broker.stop();
  });
});

it('counts no more what was given up while the connection is away, however much it is', async () => {
  const scene = await Scene.start();
  const recover = { minDelay: 60_000, maxDelay: 60_000, maxHeldOperations: 10 };
  const client = await scene.connected({ recover });
  scene.broker.faults.dropConnections();
  await scene.settle();
  for (let index = 0; index < 20; index++) {
    const operations = [
      client.queueDeclare({ queue: 'q', timeout: 1 }),
      client.basicGet({ queue: 'q', timeout: 1 }),
      client.basicConsume({ queue: 'q', timeout: 1 }).ready,
    ];
    for (const operation of operations) operation.catch(() => {});
    await scene.advance(1);
    expect(operations.map(endOf)).toEqual([
      'OPERATION_TIMEOUT not-sent',
      'OPERATION_TIMEOUT not-sent',
      'OPERATION_TIMEOUT not-sent',
    ]);
    expect(client.recovery.held.operations).toBe(0);
  }
  const shutdown = client.shutdown();
  await scene.settle();
  expect(endOf(shutdown)).toBe('fulfilled');
  await scene.broker.stop();
});
