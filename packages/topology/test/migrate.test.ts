import { type Client, ConnectionBroken, float64, int8 } from '@puka/client';
import { AccessRefused, PreconditionFailed, PublishNacked, UsageError } from '@puka/errors';
import type { EmbeddedBroker } from '@puka/testing';
import { classicQueue, defineTopology, type MigrationProgress, quorumQueue, streamQueue } from '@puka/topology';
import { describe, expect, it } from 'vitest';
import { scene } from './scene.ts';

const before = defineTopology({
  exchanges: { work: { type: 'topic' } },
  queues: { jobs: classicQueue() },
  bindings: [{ exchange: 'work', queue: 'jobs', routingKey: 'job.#' }],
});
const after = defineTopology({
  exchanges: { work: { type: 'topic' } },
  queues: { jobs: quorumQueue({ deliveryLimit: 7 }) },
  bindings: [{ exchange: 'work', queue: 'jobs', routingKey: 'job.#' }],
});

async function fill(client: Client, count: number): Promise<string[]> {
  const bodies = Array.from({ length: count }, (_, index) => `${index}`);
  await Promise.all(bodies.map((body) => client.basicPublish({ exchange: 'work', routingKey: `job.${body}`, body })));
  return bodies;
}

/** The bodies in a queue, in their order. */
function bodies(broker: EmbeddedBroker, queue: string): string[] {
  return broker.queue(queue)?.messages.map((message) => message.text()) ?? [];
}

/** That nothing of a migration is left but the new queue. */
function expectMigrated(broker: EmbeddedBroker): void {
  expect(broker.queues().map(({ name, type }) => [name, type])).toEqual([['jobs', 'quorum']]);
  expect(broker.exchanges().filter(({ name }) => !name.startsWith('amq.') && name !== '')).toHaveLength(1);
  expect(broker.bindings().map(({ source, destination, routingKey }) => [source, destination, routingKey])).toEqual([
    ['work', 'jobs', 'job.#'],
  ]);
}

describe('migrate', () => {
  it('brings a queue to other arguments, its messages in their order, with their routing keys and properties', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    const sent = await fill(client, 500);
    await client.basicPublish({
      ...{ exchange: 'work', routingKey: 'job.last', body: 'last' },
      ...{ headers: { a: 1, CC: ['job.copy'] }, messageId: 'm', priority: 3, deliveryMode: 1 },
    });
    const result = await after.migrate(client, 'jobs');
    // The last one came by its CC too, once for the queue.
    expect(result).toEqual({ moved: 1002, dropped: 0 });
    expect(bodies(broker, 'jobs')).toEqual([...sent, 'last']);
    expectMigrated(broker);
    const messages = broker.queue('jobs')?.messages ?? [];
    expect(messages[7]).toMatchObject({ routingKey: 'job.7' });
    expect(messages.at(-1)?.routingKey).toBe('job.last');
    const headers = { a: 1, CC: ['job.copy'] };
    expect(messages.at(-1)?.properties).toMatchObject({ headers, messageId: 'm', priority: 3, deliveryMode: 1 });
    expect(await after.migrate(client, 'jobs')).toEqual({ moved: 0, dropped: 0 });
    expectMigrated(broker);
  });

  it('keeps the types of headers', async () => {
    const { client } = await scene();
    await client.queueDeclare({ queue: 'jobs', durable: true });
    await client.basicPublish({ routingKey: 'jobs', headers: { small: int8(5), round: float64(2) } });
    await defineTopology({ queues: { jobs: classicQueue({ maxLength: 9 }) } }).migrate(client, 'jobs');
    const message = await client.basicGet({ queue: 'jobs', noAck: true });
    expect(message?.taggedHeaders?.value).toMatchObject([
      { name: 'small', value: { tag: 'b', value: 5 } },
      { name: 'round', value: { tag: 'd', value: 2 } },
    ]);
  });

  it('leaves out the count of deliveries that a quorum queue adds', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'jobs', ...quorumQueue() });
    await client.basicPublish({ routingKey: 'jobs', headers: { own: 1 } });
    (await client.basicGet({ queue: 'jobs' }))?.nack();
    await defineTopology({ queues: { jobs: classicQueue() } }).migrate(client, 'jobs');
    expect({ ...broker.queue('jobs')?.messages[0]?.headers }).toEqual({ own: 1 });
  });

  it.each([
    ['queue', defineTopology({ queues: { jobs: quorumQueue(), 'jobs.migration': classicQueue() } })],
    ['exchange', defineTopology({ exchanges: { 'jobs.drain': { type: 'fanout' } }, queues: { jobs: quorumQueue() } })],
  ] as const)('does not use a %s of the topology as its own, and delete it', async (kind, topology) => {
    const { broker, client } = await scene();
    await topology.apply(client);
    const refused = topology.migrate(client, 'jobs');
    await expect(refused).rejects.toThrow(new RegExp(`^${kind} 'jobs\\.\\w+' is in the topology`));
    expect((await topology.check(client)).isUpToDate).toBe(true);
    expect(broker.queue('jobs')?.type).toBe('quorum');
  });

  it('reports each step, and how many messages have moved', async () => {
    const { client } = await scene();
    await before.apply(client);
    await fill(client, 300);
    const seen: MigrationProgress[] = [];
    await after.migrate(client, 'jobs', { onProgress: (progress) => seen.push(progress) });
    const steps = seen.map(({ step, from, moved, left }) => `${step} ${from} ${moved}+${left}`);
    const oneWay = (from: string): string[] => [
      ...['declare', 'bind', 'unbind'].map((step) => `${step} ${from} 0+0`),
      `drain ${from} 0+300`,
      ...[100, 200, 300].map((moved) => `drain ${from} ${moved}+${300 - moved}`),
      `delete ${from} 300+0`,
    ];
    expect(steps).toEqual([...oneWay('jobs'), ...oneWay('jobs.migration')]);
  });

  it('moves to another name without a queue in between', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    const sent = await fill(client, 50);
    const renamed = defineTopology({
      exchanges: { work: { type: 'topic' } },
      queues: { 'jobs.v2': quorumQueue() },
      bindings: [{ exchange: 'work', queue: 'jobs.v2', routingKey: 'job.#' }],
    });
    expect(await renamed.migrate(client, 'jobs.v2', { from: 'jobs' })).toEqual({ moved: 50, dropped: 0 });
    expect(broker.queues().map(({ name }) => name)).toEqual(['jobs.v2']);
    expect(bodies(broker, 'jobs.v2')).toEqual(sent);
    expect(await renamed.migrate(client, 'jobs.v2', { from: 'jobs' })).toEqual({ moved: 0, dropped: 0 });
  });

  it('goes on wherever the connection was lost, and loses nothing', async () => {
    // Counted from the client's side, so that every step is met: some 60 bytes each, then the messages.
    for (let bytes = 1; ; bytes = Math.ceil(bytes * 1.4) + 13) {
      const { broker, client, another } = await scene();
      await before.apply(client);
      const sent = await fill(client, 20);
      const own = await another();
      broker.faults.dropAfterBytes(bytes, { from: 'client' });
      const first = await after.migrate(own, 'jobs', { window: 5 }).catch((error: unknown) => error);
      if (!(first instanceof Error)) break;
      expect(first).toBeInstanceOf(ConnectionBroken);
      broker.faults.clear();
      await after.migrate(await another(), 'jobs', { window: 5 });
      expectMigrated(broker);
      const found = bodies(broker, 'jobs');
      expect([...new Set(found)].sort()).toEqual([...sent].sort());
      // No more twice than were on their way.
      expect(found.length).toBeLessThanOrEqual(sent.length + 10);
    }
  });

  it('acks no message whose copy has no confirm', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    const sent = await fill(client, 10);
    broker.faults.nackPublishes(1);
    await expect(after.migrate(client, 'jobs')).rejects.toBeInstanceOf(PublishNacked);
    expect(new Set([...bodies(broker, 'jobs'), ...bodies(broker, 'jobs.migration')])).toEqual(new Set(sent));
    await after.migrate(client, 'jobs');
    expect(bodies(broker, 'jobs').sort()).toEqual([...sent].sort());
    expectMigrated(broker);
  });

  it('moves what is published meanwhile, wherever it comes to', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    await fill(client, 200);
    let count = 0;
    const publishes: PromiseLike<void>[] = [];
    const onProgress = (): void => {
      publishes.push(client.basicPublish({ exchange: 'work', routingKey: 'job.x', body: `more ${count++}` }));
    };
    await after.migrate(client, 'jobs', { onProgress });
    await Promise.all(publishes);
    expectMigrated(broker);
    const found = new Set(bodies(broker, 'jobs'));
    for (let each = 0; each < count; each++) expect(found).toContain(`more ${each}`);
    expect(found.size).toBe(200 + count);
  });

  it('leaves a queue that has consumers, and goes on when they are gone', async () => {
    const { broker, client, another } = await scene();
    await before.apply(client);
    await fill(client, 3);
    const worker = (await another()).basicConsume({ queue: 'jobs', prefetchCount: 1 });
    await worker.ready;
    await expect(after.migrate(client, 'jobs')).rejects.toThrow("queue 'jobs' has 1 consumers");
    await expect(after.migrate(client, 'jobs')).rejects.toBeInstanceOf(PreconditionFailed);
    expect(broker.queue('jobs.migration')).toBeUndefined();
    await worker.cancel();
    await after.migrate(client, 'jobs');
    expectMigrated(broker);
  });

  it('changes no route if it may not declare the exchange through which messages move', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    await fill(client, 3);
    for (const configure of ['^jobs(\\.migration)?$', '^jobs(\\.migration(\\.drain)?)?$']) {
      broker.setPermissions('guest', { configure });
      await expect(after.migrate(client, 'jobs')).rejects.toBeInstanceOf(AccessRefused);
      expect(broker.bindings().filter(({ source }) => source === 'work')).toMatchObject([{ destination: 'jobs' }]);
    }
    broker.setPermissions('guest');
    await after.migrate(client, 'jobs');
    expectMigrated(broker);
  });

  it('deletes what was left when it was cut off between the two moves', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    await client.queueDelete({ queue: 'jobs' });
    await client.queueDeclare({ queue: 'jobs.migration', durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await client.exchangeDeclare({ exchange: 'jobs.migration.drain', type: 'fanout', durable: true });
    await client.queueBind({ queue: 'jobs.migration', exchange: 'jobs.migration.drain' });
    await after.migrate(client, 'jobs');
    expectMigrated(broker);
  });

  it('moves the message of another user, whose name it keeps in a header', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    broker.publish({ exchange: 'work', routingKey: 'job.1', body: 'x', userId: 'alice' });
    await after.migrate(client, 'jobs');
    expect(broker.queue('jobs')?.messages[0]?.properties).toMatchObject({ headers: { 'puka-user-id': 'alice' } });
  });

  it('refuses what cannot be migrated', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'jobs', ...streamQueue() });
    await client.basicPublish({ routingKey: 'jobs', body: 'x' });
    await client.exchangeDeclare({ exchange: 'work', type: 'topic', durable: true });
    await expect(after.migrate(client, 'jobs')).rejects.toThrow("queue 'jobs' is a stream");
    expect(broker.queue('jobs')?.ready).toBe(1);
    expect(broker.queue('jobs.migration')).toBeUndefined();
    const other = defineTopology({ queues: { a: { exclusive: true }, b: { external: true } } });
    await expect(other.migrate(client, 'a')).rejects.toBeInstanceOf(UsageError);
    await expect(other.migrate(client, 'b')).rejects.toBeInstanceOf(UsageError);
    await expect(other.migrate(client, 'c' as 'a')).rejects.toBeInstanceOf(UsageError);
    await expect(after.migrate(client, 'jobs', { window: 0 })).rejects.toBeInstanceOf(UsageError);
    await expect(after.migrate(client, 'jobs', { form: 'old' } as object)).rejects.toBeInstanceOf(UsageError);
  });

  it('stops at an abort, and goes on when called again', async () => {
    const { broker, client } = await scene();
    await before.apply(client);
    const sent = await fill(client, 300);
    const controller = new AbortController();
    const onProgress = ({ moved }: MigrationProgress): void => {
      if (moved >= 100) controller.abort('enough');
    };
    await expect(after.migrate(client, 'jobs', { signal: controller.signal, onProgress })).rejects.toBe('enough');
    await after.migrate(client, 'jobs');
    expect([...new Set(bodies(broker, 'jobs'))].sort()).toEqual([...sent].sort());
    expectMigrated(broker);
  });
});
