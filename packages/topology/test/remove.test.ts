import { PreconditionFailed, UsageError } from '@puka/errors';
import { classicQueue, defineTopology, quorumQueue, streamQueue, TopologyFailed } from '@puka/topology';
import { describe, expect, it } from 'vitest';
import { scene } from './scene.ts';

describe('remove', () => {
  it('deletes what is its own, and leaves what is external', async () => {
    const { broker, client } = await scene();
    await client.exchangeDeclare({ exchange: 'theirs', type: 'fanout' });
    await client.queueDeclare({ queue: 'their queue' });
    const topology = defineTopology({
      exchanges: { ours: {}, theirs: { external: true } },
      queues: { q: quorumQueue(), 'their queue': { external: true } },
      bindings: [
        { exchange: 'theirs', queue: 'q' },
        { exchange: 'theirs', queue: 'their queue' },
      ],
    });
    await topology.apply(client);
    await client.basicPublish({ routingKey: 'q', body: 'x' });
    expect(await topology.remove(client)).toEqual({ exchanges: 1, queues: 1, policies: 0, messageCount: 1 });
    expect(broker.queues().map(({ name }) => name)).toEqual(['their queue']);
    expect(broker.exchanges().map(({ name }) => name)).toContain('theirs');
    expect(broker.bindings()).toEqual([]);
    expect(await topology.remove(client)).toMatchObject({ messageCount: 0 });
  });

  it('deletes nothing if the URL of the management API is not a URL', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'jobs', durable: true });
    const topology = defineTopology({
      queues: { jobs: {} },
      policies: { jobs: { pattern: '^jobs$', definition: { 'max-length': 5 } } },
    });
    await expect(topology.remove(client, { management: 'localhost:15672' })).rejects.toBeInstanceOf(UsageError);
    expect(broker.queue('jobs')).toBeDefined();
  });

  it('counts the messages of all its queues', async () => {
    const { client } = await scene();
    const topology = defineTopology({ queues: { a: {}, b: {}, c: {} } });
    await topology.apply(client);
    for (const routingKey of ['a', 'a', 'b', 'c']) await client.basicPublish({ routingKey, body: 'x' });
    expect(await topology.remove(client)).toMatchObject({ queues: 3, messageCount: 4 });
  });

  it.each([
    ['classic', classicQueue()],
    ['quorum', quorumQueue()],
    ['stream', streamQueue()],
  ])('leaves a %s queue that has messages or consumers, where that is asked for', async (type, definition) => {
    const { broker, client } = await scene();
    const topology = defineTopology({ queues: { q: definition } });
    await topology.apply(client);
    await client.basicPublish({ routingKey: 'q', body: 'x' });
    const full = await topology.remove(client, { ifEmpty: true }).catch((error: unknown) => error);
    expect(full instanceof TopologyFailed && full.failures[0]?.error).toBeInstanceOf(PreconditionFailed);
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 });
    await consumer.ready;
    // RabbitMQ reports no consumers of a stream.
    if (type !== 'stream') {
      const used = await topology.remove(client, { ifUnused: true }).catch((error: unknown) => error);
      expect(used instanceof TopologyFailed && used.failures[0]?.error).toBeInstanceOf(PreconditionFailed);
    }
    expect(broker.queue('q')).toBeDefined();
    await consumer.cancel();
    await topology.remove(client, { ifUnused: true });
    expect(broker.queue('q')).toBeUndefined();
    // A condition on what is not there is no error either.
    await topology.remove(client, { ifEmpty: true });
  });
});
