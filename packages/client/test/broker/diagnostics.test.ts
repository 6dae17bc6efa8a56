import { AsyncLocalStorage } from 'node:async_hooks';
import { type Diagnostics, type Message, type TraceEntry, toPrometheus } from '@puka/client';
import { waitFor } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { scene } from './scene.ts';

const { another, queue: freshQueue } = scene();

/** A listener that counts its calls by name; what is done twice or never ended shows. */
function counting() {
  const calls = new Map<string, number>();
  const open = new Map<unknown, string>();
  const count = (name: string): void => void calls.set(name, (calls.get(name) ?? 0) + 1);
  const started = (name: string) => (): object => {
    count(name);
    const slot = {};
    open.set(slot, name);
    return slot;
  };
  const ended =
    (name: string) =>
    (slot: unknown): void => {
      count(open.delete(slot) ? name : `${name} without a start`);
    };
  const told = (name: string) => (): void => count(name);
  const listener: Diagnostics = {
    connectStarted: started('connect'),
    connectEnded: ended('connected'),
    disconnected: told('disconnected'),
    channelOpened: told('channel'),
    channelClosed: told('channel closed'),
    requestStarted: started('request'),
    requestEnded: ended('request ended'),
    publishStarted: started('publish'),
    publishEnded: ended('publish ended'),
    delivered: () => {
      count('delivered');
      return 'delivery';
    },
    settled: (slot) => count(slot === 'delivery' ? 'settled' : 'settled without a delivery'),
    processStarted: started('process'),
    processEnded: ended('process ended'),
  };
  return { listener, calls: () => Object.fromEntries(calls), open };
}

describe('listeners', () => {
  it('are called once for each thing, and the end of all that was begun', async () => {
    const { listener, calls, open } = counting();
    const client = await another({ diagnostics: listener });
    const queue = await freshQueue();
    const publishes = Array.from({ length: 100 }, (_, index) =>
      client.basicPublish({ routingKey: queue, body: `${index}`, mandatory: true }),
    );
    publishes.push(client.basicPublish({ exchange: 'nowhere.diagnostics', routingKey: 'x' }));
    publishes.push(client.basicPublish({ routingKey: 'nowhere.diagnostics', mandatory: true }));
    await Promise.allSettled(publishes);
    const got = await client.basicGet({ queue });
    got?.ack();
    let count = 0;
    const consumer = client.basicConsume({ queue, prefetchCount: 10 }, async (_error, message) => {
      await Promise.resolve();
      message?.ack();
      if (message !== undefined) count++;
    });
    await waitFor(() => count === 99);
    await consumer.cancel();
    await client.close();
    const { channel, 'channel closed': closed, ...rest } = calls();
    expect(closed).toBe(channel);
    expect(rest).toEqual({
      ...{ connect: 1, connected: 1, disconnected: 1 },
      ...{ publish: 102, 'publish ended': 102, request: 3, 'request ended': 3 },
      ...{ delivered: 100, settled: 100, process: 99, 'process ended': 99 },
    });
    expect([...open.values()]).toEqual([]);
  });

  it('add headers that arrive', async () => {
    const client = await another({
      diagnostics: { publishStarted: (publish) => publish.setHeader('traceparent', '00-a-b-01') },
    });
    const queue = await freshQueue();
    await client.basicPublish({ routingKey: queue, headers: { own: 1 }, messageId: 'm' });
    const message = await client.basicGet({ queue, noAck: true });
    expect({ ...message?.headers }).toEqual({ own: 1, traceparent: '00-a-b-01' });
    expect(message?.messageId).toBe('m');
  });
});

describe('the work on messages runs in the context that a listener gives it', () => {
  const storage = new AsyncLocalStorage<string>();
  const diagnostics: Diagnostics = {
    processStarted: ({ messages }) => messages.map((message) => message.text()).join('+'),
    runProcess: (slot, work) => storage.run(String(slot), work),
  };

  it('in a callback, after each await of it, and in no other', async () => {
    const client = await another({ diagnostics });
    const queue = await freshQueue(5);
    const seen: string[] = [];
    const release: (() => void)[] = [];
    client.basicConsume({ queue }, async (_error, message) => {
      if (message === undefined) return;
      await new Promise<void>((resolve) => release.push(resolve));
      await client.queueDeclare({ queue, passive: true });
      seen.push(`${message.text()} ${storage.getStore()}`);
      message.ack();
    });
    await waitFor(() => release.length === 5);
    for (const resolve of release.reverse()) resolve();
    await waitFor(() => seen.length === 5);
    expect(seen.toSorted()).toEqual(['0 0', '1 1', '2 2', '3 3', '4 4']);
    expect(storage.getStore()).toBeUndefined();
  });

  it('in process(), for what came by a loop, a wait, a get, and for a batch', async () => {
    const client = await another({ diagnostics });
    const queue = await freshQueue(6);
    const seen: (string | undefined)[] = [];
    const work = async (): Promise<void> => {
      await client.queueDeclare({ queue, passive: true });
      seen.push(storage.getStore());
    };
    const got = await client.basicGet({ queue, noAck: true });
    if (got !== null) await client.process(got, work);
    const consumer = client.basicConsume({ queue, prefetchCount: 10 });
    await client.process(await client.wait(consumer), work);
    for await (const message of consumer) {
      await client.process(message, work);
      if (message.text() === '3') break;
    }
    await waitFor(async () => (await client.queueDeclare({ queue, passive: true })).messageCount >= 2);
    const batch: Message[] = [];
    for (let message = await client.basicGet({ queue }); message !== null; message = await client.basicGet({ queue })) {
      batch.push(message);
    }
    await client.process(batch, work);
    expect(seen.slice(0, 4)).toEqual(['0', '1', '2', '3']);
    expect(seen[4]).toBe(batch.map((message) => message.text()).join('+'));
    expect(seen[4]).toContain('4+5');
  });
});

it('metrics say what was done', async () => {
  const client = await another({ connectionName: 'measured' });
  const queue = await freshQueue();
  const before = client.metrics();
  const publishes = Array.from({ length: 500 }, () =>
    client.basicPublish({ routingKey: queue, body: 'x'.repeat(100) }),
  );
  publishes.push(client.basicPublish({ routingKey: 'nowhere.metrics', mandatory: true }));
  expect(client.metrics().publishes).toMatchObject({ open: 501, confirmed: 0 });
  await Promise.allSettled(publishes);
  const consumer = client.basicConsume({ queue });
  for (let index = 0; index < 500; index++) {
    const message = await client.wait(consumer);
    if (index < 300) message.ack();
    else if (index < 400) message.reject({ requeue: false });
  }
  const refused = client.queueDeclare({ queue: 'nowhere.metrics', passive: true });
  await expect(refused).rejects.toThrow();
  const metrics = client.metrics();
  expect(metrics).toMatchObject({
    ...{ connectionName: 'measured', state: 'connected', consumers: 1 },
    connections: { opened: 1, failed: 0, lost: 0 },
    publishes: { confirmed: 500, returned: 1, nacked: 0, failed: 0, refused: 0, open: 0, openBytes: 0 },
    deliveries: { received: 500, acked: 300, rejected: 100, unsettled: 100 },
    requests: {
      'basic.consume': { succeeded: 1, failed: 0, open: 0 },
      'queue.declare': { succeeded: 0, failed: 1, open: 0 },
    },
  });
  expect(metrics.bytes.sent - before.bytes.sent).toBeGreaterThan(50_000);
  expect(metrics.bytes.received - before.bytes.received).toBeGreaterThan(50_000);
  expect(metrics.confirmRoundTrip.count).toBeGreaterThan(0);
  expect(toPrometheus(metrics)).toContain('puka_publishes_total{connection="measured",outcome="confirmed"} 500');
});

it('the log of the wire shows what the broker says and hears', async () => {
  const entries: TraceEntry[] = [];
  const client = await another({ trace: (entry) => entries.push(entry) });
  const queue = await freshQueue();
  await client.basicPublish({
    routingKey: queue,
    body: 'x'.repeat(300_000),
    headers: { token: 'no hexadecimal digits' },
  });
  const message = await client.basicGet({ queue, noAck: true });
  expect(message?.bodySize).toBe(300_000);
  await client.close();
  expect(entries.filter(({ name }) => name === 'unknown')).toEqual([]);
  const of = (direction: string) => entries.filter((entry) => entry.direction === direction).map(({ name }) => name);
  expect(of('sent').slice(0, 4)).toEqual([
    ...['protocol header', 'connection.start-ok', 'connection.tune-ok', 'connection.open'],
  ]);
  expect(of('sent').at(-1)).toBe('connection.close');
  expect(of('received').at(-1)).toBe('connection.close-ok');
  for (const direction of ['sent', 'received'] as const) {
    const bodies = entries.filter((entry) => entry.direction === direction && entry.name === 'body');
    const bytes = bodies.map(({ fields }) => Number(fields.bytes));
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBe(300_000);
    expect(bytes.length).toBe(3);
  }
  for (const entry of entries) expect(String(entry)).not.toMatch(/[\r\n]/);
  expect(entries.map(String).join('\n')).not.toContain('no hexadecimal digits');
});
