/** A topology on RabbitMQ with its management API: what is compared, what is moved. A node of its own, for the plugin. */
import { Socket } from 'node:net';
import { Client, type ClientOptions, ConnectionBroken } from '@puka/client';
import { type Broker, isAtLeast, launchBroker } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import {
  classicQueue,
  defineTopology,
  policyOf,
  quorumQueue,
  streamOffset,
  streamQueue,
  type Topology,
} from '../../src/index.ts';

let broker: Broker;
let client: Client;
const clients: Client[] = [];

async function another(options: ClientOptions = {}): Promise<Client> {
  const made = new Client(broker.url, options);
  clients.push(made);
  await made.connect();
  return made;
}

const management = (): string => `http://guest:guest@${broker.host}:${broker.managementPort}`;

/** Applied, and gone after the test. */
async function applied(topology: Topology): Promise<void> {
  onTestFinished(async () => {
    const own = await another();
    await topology.remove(own, { management: management() });
    await own.close();
  });
  await topology.apply(client, { management: management() });
}

beforeAll(async () => {
  broker = await launchBroker({ plugins: ['rabbitmq_management'] });
  client = await another();
});
afterAll(async () => {
  await Promise.all(clients.map((each) => each.close()));
  await broker.stop();
});

/** RabbitMQ 4.3 closes a connection that declares a classic queue with this argument. */
const leaderLocator = isAtLeast(inject('brokerVersion'), '4.3') ? undefined : 'client-local';

const everything = defineTopology({
  exchanges: {
    orders: { type: 'topic', alternateExchange: 'orders.lost' },
    'orders.lost': { type: 'fanout' },
    'orders.by header': { type: 'headers', internal: true },
  },
  queues: {
    classic: classicQueue({
      ...{ messageTtl: 60_000, expires: 600_000, maxLength: 100, maxLengthBytes: 1_000_000, maxPriority: 10 },
      ...{
        deadLetter: { exchange: 'orders.lost', routingKey: 'x' },
        overflow: 'reject-publish',
        lazy: true,
        version: 2,
      },
      ...{ singleActiveConsumer: true, leaderLocator },
    }),
    quorum: quorumQueue({
      ...{ messageTtl: 315_360_000_000, deliveryLimit: 5, deadLetter: { exchange: 'orders.lost' } },
      ...{ deadLetterStrategy: 'at-least-once', overflow: 'reject-publish', initialGroupSize: 1 },
      leaderLocator: 'balanced',
    }),
    stream: streamQueue({
      ...{ maxAge: '7D', maxLengthBytes: 20_000_000, maxSegmentSizeBytes: 1_000_000 },
      ...{ initialClusterSize: 1, leaderLocator: 'client-local' },
    }),
    plain: {},
  },
  bindings: [
    { source: 'orders', destination: 'orders.by header', routingKey: 'order.#' },
    { exchange: 'orders', queue: 'classic', routingKey: ['placed', 'paid'] },
    { exchange: 'orders.by header', queue: 'quorum', arguments: { 'x-match': 'all', region: 'eu', version: 2 } },
    { exchange: 'amq.fanout', queue: 'stream' },
  ],
  policies: {
    'plain limits': { pattern: '^plain$', definition: policyOf(classicQueue({ maxLength: 5, messageTtl: 1000 })) },
  },
});

describe('a topology on RabbitMQ', () => {
  it('is taken with every argument, is up to date then, and is gone when it is removed', async () => {
    const missing = await everything.check(client, { management: management() });
    expect(missing.differences.length).toBe(13);
    await applied(everything);
    await everything.apply(client, { management: management() });
    expect(await everything.check(client, { management: management() })).toEqual({
      isUpToDate: true,
      differences: [],
      unchecked: [],
    });
    expect((await everything.check(client, { redeclare: true })).differences).toEqual([]);
    await everything.remove(client, { management: management() });
    expect((await everything.check(client, { management: management() })).differences).toEqual(missing.differences);
  });

  it('differs by each flag, argument, binding and policy, told with both sides', async () => {
    const theirs = defineTopology({
      exchanges: { orders: { type: 'fanout', durable: false } },
      queues: { billing: classicQueue({ messageTtl: 1000 }) },
      bindings: [{ exchange: 'orders', queue: 'billing', routingKey: 'old' }],
      policies: { limits: { pattern: '^billing$', definition: { 'max-length': 5 } } },
    });
    await applied(theirs);
    const ours = defineTopology({
      exchanges: { orders: { type: 'topic' } },
      queues: { billing: quorumQueue({ messageTtl: 2000 }) },
      bindings: [{ exchange: 'orders', queue: 'billing', routingKey: 'new' }],
      policies: { limits: { pattern: '^bill.*$', definition: { 'max-length': 7 } } },
    });
    const found = await ours.check(client, { management: management() });
    expect(found.differences.map(({ text }) => text)).toEqual([
      'exchange \'orders\': type is "fanout"; the topology has "topic"',
      "exchange 'orders': durable is false; the topology has true",
      'queue \'billing\': x-queue-type is "classic"; the topology has "quorum"',
      "queue 'billing': x-message-ttl is 1000; the topology has 2000",
      "binding 'orders -> billing (new)' is absent; the topology wants it present",
      "binding 'orders -> billing (old)' is present; the topology wants it absent",
      'policy \'limits\': pattern is "^billing$"; the topology has "^bill.*$"',
      "policy 'limits': max-length is 5; the topology has 7",
    ]);
    const { differences } = await ours.check(client, { redeclare: true });
    expect(differences.map(({ kind, field }) => `${kind} ${field}`)).toEqual(['exchange type', 'queue x-message-ttl']);
  });

  it('is read from an offset, be it a number, a time or an interval', async () => {
    const topology = defineTopology({ queues: { events: streamQueue() } });
    await applied(topology);
    for (const body of ['0', '1', '2']) await client.basicPublish({ routingKey: 'events', body });
    const read = async (from: Parameters<typeof streamOffset>[0], count: number): Promise<string[]> => {
      const seen: string[] = [];
      const consumer = client.basicConsume({ queue: 'events', prefetchCount: 10, arguments: streamOffset(from) });
      for await (const message of consumer) {
        seen.push(message.text());
        message.ack();
        if (seen.length === count) break;
      }
      return seen;
    };
    const all = ['0', '1', '2'];
    expect(await Promise.all([read('first', 3), read(new Date(0), 3), read('1h', 3), read(0n, 3)])).toEqual([
      all,
      all,
      all,
      all,
    ]);
    expect(await read(1, 2)).toEqual(['1', '2']);
  });
});

describe('migrate on RabbitMQ', () => {
  const work = {
    exchanges: { work: { type: 'topic' } },
    bindings: [{ exchange: 'work', queue: 'jobs', routingKey: '#' }],
  } as const;
  const classic = defineTopology({ ...work, queues: { jobs: classicQueue() } });
  const quorum = defineTopology({ ...work, queues: { jobs: quorumQueue({ deliveryLimit: 5 }) } });

  async function fill(count: number): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        client.basicPublish({ exchange: 'work', routingKey: 'job', body: `${index}` }),
      ),
    );
  }

  async function bodies(queue: string): Promise<string[]> {
    const seen: string[] = [];
    for (;;) {
      const message = await client.basicGet({ queue, noAck: true });
      if (message === null) return seen;
      seen.push(message.text());
    }
  }

  it.each([
    ['classic', 'quorum', classic, quorum],
    ['quorum', 'classic', quorum, classic],
  ])('brings a %s queue to be a %s one, with every message in its order', async (_from, _to, from, to) => {
    await applied(from);
    await fill(1000);
    // A binding that the topology does not know goes too, because the management API lists it.
    await client.queueBind({ exchange: 'amq.topic', queue: 'jobs', routingKey: 'besides' });
    expect(await to.migrate(client, 'jobs', { management: management() })).toEqual({ moved: 2000, dropped: 0 });
    expect((await to.check(client, { management: management() })).differences).toEqual([]);
    expect(await bodies('jobs')).toEqual(Array.from({ length: 1000 }, (_, index) => `${index}`));
    const names = (await broker.listQueues()).map(({ name }) => name);
    expect(names).toEqual(['jobs']);
  });

  it('goes on after connections that were cut, wherever it was, and loses nothing', async () => {
    await applied(classic);
    const count = 1000;
    await fill(count);
    for (let closed = 0; ; closed++) {
      const own = await another({ recover: false });
      const socket = own.socket();
      let steps = 0;
      const onProgress = (): void => {
        // Further each time.
        if (++steps === 3 + closed * 4 && socket instanceof Socket) socket.destroy();
      };
      const ended = await quorum.migrate(own, 'jobs', { onProgress, window: 50 }).catch((error: unknown) => error);
      if (!(ended instanceof Error)) {
        expect(closed).toBeGreaterThan(3);
        break;
      }
      expect(ended).toBeInstanceOf(ConnectionBroken);
    }
    const found = await bodies('jobs');
    expect(new Set(found).size).toBe(count);
    expect((await quorum.check(client, { management: management() })).differences).toEqual([]);
  });

  it('leaves a stream alone, and a queue that is consumed', async () => {
    const stream = defineTopology({ ...work, queues: { jobs: streamQueue() } });
    await applied(stream);
    await fill(1);
    await expect(quorum.migrate(client, 'jobs')).rejects.toThrow("queue 'jobs' is a stream");
    await stream.remove(client);
    await applied(classic);
    const own = await another();
    await own.basicConsume({ queue: 'jobs' }).ready;
    await expect(quorum.migrate(client, 'jobs')).rejects.toThrow("queue 'jobs' has 1 consumers");
    await own.close();
    await quorum.migrate(client, 'jobs');
  });
});
