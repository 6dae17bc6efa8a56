import { createContext, runInContext } from 'node:vm';
import { int8 } from '@puka/client';
import { UsageError } from '@puka/errors';
import { classicQueue, defineTopology, quorumQueue, type Topology } from '@puka/topology';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { scene } from './scene.ts';

describe('defineTopology', () => {
  it('leaves nothing unsaid', () => {
    const { data } = defineTopology({
      exchanges: { orders: {} },
      queues: { billing: {} },
      bindings: [{ exchange: 'orders', queue: 'billing', routingKey: ['a', 'b'] }],
    });
    expect(data.exchanges).toEqual([
      {
        ...{ name: 'orders', type: 'direct', durable: true, autoDelete: false, internal: false },
        ...{ arguments: new Map(), external: false },
      },
    ]);
    expect(data.queues).toMatchObject([{ name: 'billing', durable: true, exclusive: false, autoDelete: false }]);
    expect(data.bindings.map(({ routingKey }) => routingKey)).toEqual(['a', 'b']);
  });

  it('takes a Map of another realm for arguments', async () => {
    const { broker, client } = await scene();
    const table = runInContext("new Map([['x-max-length', 5]])", createContext()) as Map<string, number>;
    await defineTopology({ queues: { jobs: { arguments: table } } }).apply(client);
    expect(broker.queue('jobs')?.arguments).toEqual({ 'x-max-length': 5 });
  });

  it('treats a header named tag as a header', async () => {
    const { broker, client } = await scene();
    await defineTopology({
      exchanges: { paints: { type: 'headers' } },
      queues: { red: {} },
      bindings: [{ exchange: 'paints', queue: 'red', arguments: { tag: 'red', value: 5 } }],
    }).apply(client);
    expect(broker.bindings()[0]?.arguments).toEqual({ tag: 'red', value: 5 });
  });

  it('knows its names by their types', () => {
    const topology = defineTopology({ exchanges: { orders: {} }, queues: { billing: {}, audit: {} } });
    expectTypeOf(topology).toEqualTypeOf<Topology<'orders', 'billing' | 'audit'>>();
    // @ts-expect-error a binding names a queue that is not there
    expect(() => defineTopology({ exchanges: { a: {} }, bindings: [{ exchange: 'a', queue: 'b' }] })).toThrow(
      UsageError,
    );
    expect(() =>
      // @ts-expect-error a binding names an exchange that is not there
      defineTopology({ exchanges: { a: {} }, queues: { b: {} }, bindings: [{ exchange: 'c', queue: 'b' }] }),
    ).toThrow("a binding names exchange 'c', which is not in the topology");
  });

  it.each([
    ['a name of RabbitMQ', () => defineTopology({ queues: { 'amq.mine': {} } })],
    ['an empty name', () => defineTopology({ exchanges: { '': {} } })],
    ['a name of 256 bytes', () => defineTopology({ queues: { ['x'.repeat(256)]: {} } })],
    ['an empty policy', () => defineTopology({ policies: { p: { pattern: '.*', definition: {} } } })],
    ['a value instead of arguments', () => defineTopology({ queues: { q: { arguments: int8(5) as never } } })],
    ['a flag that is none', () => defineTopology({ queues: { q: { durable: 1 as unknown as boolean } } })],
  ])('refuses %s', (_what, call) => {
    expect(call).toThrow(UsageError);
  });
});

describe('toMermaid', () => {
  it('draws exchanges, queues, bindings, dead letters and alternate exchanges', () => {
    const topology = defineTopology({
      exchanges: { orders: { type: 'topic', alternateExchange: 'lost' }, lost: { type: 'fanout', durable: false } },
      queues: {
        billing: quorumQueue({ deadLetter: { exchange: 'lost' } }),
        retry: classicQueue({ messageTtl: 1000, deadLetter: { exchange: '', routingKey: 'billing' } }),
        theirs: { external: true },
      },
      bindings: [
        { exchange: 'orders', queue: 'billing', routingKey: 'order.#' },
        { source: 'amq.topic', destination: 'orders', routingKey: 'say "hi"' },
        { exchange: 'lost', queue: 'theirs' },
      ],
    });
    expect(topology.toMermaid()).toBe(`flowchart LR
  e0{{"orders<br>topic"}}
  e1{{"lost<br>fanout, transient"}}
  q2[("billing<br>quorum")]
  q3[("retry<br>classic")]
  q4[("theirs<br>external")]
  e0 -->|"order.#35;"| q2
  e5{{"amq.topic"}}
  e5 -->|"say #34;hi#34;"| e0
  e1 --> q4
  e0 -.->|"no route"| e1
  q2 -.->|"dead letters"| e1
  q3 -.->|"dead letters"| q2
`);
  });

  it('makes no node of a name twice, and lets no name break out of its label', async () => {
    const { client } = await scene();
    const name = 'a"]-->b<script>`';
    const topology = defineTopology({ queues: { [name]: {} } });
    expect(topology.toMermaid().split('\n')).toHaveLength(3);
    expect(topology.toMermaid()).not.toMatch(/"\]-->|<script|`/);
    await topology.apply(client);
  });
});

describe('a call', () => {
  it.each(['apply', 'check', 'remove'] as const)('of %s refuses an option that it does not have', async (call) => {
    const { broker, client } = await scene();
    const topology = defineTopology({ queues: { jobs: {} } });
    await client.queueDeclare({ queue: 'jobs', durable: true });
    const mistyped = topology[call](client, { ifUnsed: true } as object);
    await expect(mistyped).rejects.toThrow(`${call} has no option 'ifUnsed'; it takes `);
    expect(broker.queue('jobs')).toBeDefined();
  });
});
