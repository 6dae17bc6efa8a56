import { ConnectionBroken, NotFound, PreconditionFailed, UsageError } from '@puka/errors';
import { classicQueue, defineTopology, quorumQueue, TopologyFailed } from '@puka/topology';
import { describe, expect, it } from 'vitest';
import { scene } from './scene.ts';

const orders = defineTopology({
  exchanges: { orders: { type: 'topic', alternateExchange: 'lost' }, lost: { type: 'fanout' } },
  queues: { billing: quorumQueue({ deadLetter: { exchange: 'lost' } }), 'billing.dead': classicQueue() },
  bindings: [
    { source: 'amq.topic', destination: 'orders', routingKey: '#' },
    { exchange: 'orders', queue: 'billing', routingKey: ['placed', 'paid'] },
    { exchange: 'lost', queue: 'billing.dead' },
  ],
});

describe('apply', () => {
  it('makes exchanges, queues and bindings, and once more is no error', async () => {
    const { broker, client } = await scene();
    const counts = { exchanges: 2, queues: 2, bindings: 4, policies: 0 };
    expect(await orders.apply(client)).toEqual(counts);
    expect(await orders.apply(client)).toEqual(counts);
    expect(broker.queue('billing')).toMatchObject({
      type: 'quorum',
      durable: true,
      arguments: { 'x-dead-letter-exchange': 'lost' },
    });
    expect(broker.bindings().map(({ source, destination, routingKey }) => [source, destination, routingKey])).toEqual(
      expect.arrayContaining([
        ['amq.topic', 'orders', '#'],
        ['orders', 'billing', 'placed'],
        ['orders', 'billing', 'paid'],
        ['lost', 'billing.dead', ''],
      ]),
    );
  });

  it('does many at once: 1,000 queues with a binding each', async () => {
    const { broker, client } = await scene();
    const names = Array.from({ length: 1000 }, (_, index) => `q${index}`);
    const topology = defineTopology({
      queues: Object.fromEntries(names.map((name) => [name, classicQueue()])),
      bindings: names.map((queue) => ({ exchange: 'amq.direct', queue, routingKey: queue })),
    });
    await topology.apply(client);
    expect(broker.queues()).toHaveLength(1000);
    expect(broker.bindings()).toHaveLength(1000);
  });

  it('does all it can, and then reports each failure; a binding to a failed entity is not tried', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'billing', durable: true });
    const error = await orders.apply(client).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TopologyFailed);
    if (!(error instanceof TopologyFailed)) throw error;
    expect(error.failures.map(({ kind, name }) => [kind, name])).toEqual([
      ['queue', 'billing'],
      ['binding', 'orders -> billing (placed)'],
      ['binding', 'orders -> billing (paid)'],
    ]);
    expect(error.failures[0]?.error).toBeInstanceOf(PreconditionFailed);
    expect(error.failures[1]?.error).toBeUndefined();
    expect(error.cause).toBe(error.failures[0]?.error);
    expect(error.message).toContain("3 of 8 could not be applied: queue 'billing': ");
    expect(error.retryable).toBe(false);
    expect(broker.queue('billing.dead')).toBeDefined();
    expect(broker.bindings()).toHaveLength(2);
  });

  it('wants what is external to be there, and does not declare it', async () => {
    const { broker, client } = await scene();
    const topology = defineTopology({
      exchanges: { theirs: { external: true } },
      queues: { ours: {} },
      bindings: [{ exchange: 'theirs', queue: 'ours' }],
    });
    const error = await topology.apply(client).catch((thrown: unknown) => thrown);
    expect(error instanceof TopologyFailed && error.failures[0]?.error).toBeInstanceOf(NotFound);
    expect(broker.exchanges().map(({ name }) => name)).not.toContain('theirs');
    await client.exchangeDeclare({ exchange: 'theirs', type: 'headers' });
    await topology.apply(client);
    expect(broker.bindings()).toHaveLength(1);
  });

  it('rejects with the loss of the connection, and can be called again', async () => {
    const { broker, client, another } = await scene();
    broker.faults.dropAfterBytes(60);
    await expect(orders.apply(client)).rejects.toBeInstanceOf(ConnectionBroken);
    expect(await orders.apply(await another())).toMatchObject({ queues: 2 });
  });

  it('rejects with the reason of an abort', async () => {
    const { client } = await scene();
    await expect(orders.apply(client, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });

  it('refuses policies without the management API', async () => {
    const { client } = await scene();
    const topology = defineTopology({ policies: { p: { pattern: '.*', definition: { 'max-length': 1 } } } });
    await expect(topology.apply(client)).rejects.toBeInstanceOf(UsageError);
    await expect(topology.remove(client)).rejects.toBeInstanceOf(UsageError);
  });
});
