import { fileURLToPath } from 'node:url';
import { Client } from '@puka/client';
import { uniqueName, waitFor } from '@puka/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { connectors, fullConnectors } from '../src/clients/connectors.ts';
import { bundleSizes } from '../src/first-message/bundle.ts';
import { programs } from '../src/first-message/programs.ts';
import { type Job, type Mode, queueNames } from '../src/job.ts';

const url = inject('amqpUrl');
const count = 7;
let client: Client;
let queue: string;

beforeEach(async () => {
  client = new Client(url);
  await client.connect();
  queue = uniqueName('bench');
  await client.queueDeclare({ queue, durable: true });
});

afterEach(async () => {
  await client.queueDelete({ queue });
  await client.close();
});

function jobOf(mode: Mode): Job {
  return { url, queue, mode, count, warmUp: 0, size: 16, window: 3, consumers: 2 };
}

/** By a purge, which waits for what is on its way: a passive declare overtakes it. */
async function inQueue(): Promise<number> {
  return (await client.queuePurge({ queue })).messageCount;
}

async function fillQueue(): Promise<void> {
  const body = new Uint8Array(16);
  await Promise.all(Array.from({ length: count }, () => client.basicPublish({ routingKey: queue, body })));
}

describe.each(Object.entries(connectors))('%s', (_name, load) => {
  it('publishes what it is asked to', async () => {
    const contestant = await (await load()).connect(url);
    await contestant.publish(jobOf('publish'));
    expect(await inQueue()).toBe(count);
    await contestant.close();
  });

  it.each(['consume-ack', 'consume-no-ack'] as const)('empties the queue by %s', async (mode) => {
    await fillQueue();
    const contestant = await (await load()).connect(url);
    await contestant.consume(jobOf(mode));
    await contestant.close();
    expect(await inQueue()).toBe(0);
  });
});

describe.each(Object.entries(fullConnectors))('%s', (_name, load) => {
  it('publishes without looking', async () => {
    const contestant = await (await load()).connect(url);
    await contestant.publishIgnored(jobOf('publish-ignored'));
    expect(await inQueue()).toBe(count);
    await contestant.close();
  });

  it('holds messages without settling them', async () => {
    await fillQueue();
    const contestant = await (await load()).connect(url);
    expect(await contestant.hold(jobOf('held-message'))).toHaveLength(count);
    expect(await inQueue()).toBe(0);
    await contestant.close();
    // What was held comes back.
    await waitFor(async () => (await client.queueDeclare({ queue, passive: true })).messageCount === count);
  });

  it('measures each request', async () => {
    const contestant = await (await load()).connect(url);
    const latencies = await contestant.requestReply(jobOf('request-reply'));
    expect(latencies.filter((latency) => latency > 0)).toHaveLength(count);
    await contestant.close();
  });

  it('leaves none of the queues it made', async () => {
    const contestant = await (await load()).connect(url);
    await contestant.declareDelete(jobOf('declare-delete'));
    await expect(client.queueDeclare({ queue: `${queue}-0`, passive: true })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await contestant.close();
  });
});

describe.each(Object.entries(fullConnectors))('%s', (_name, load) => {
  it('consumes from many queues on one connection', async () => {
    const queues = queueNames(jobOf('many-consumers'), 2);
    for (const name of queues) await client.queueDeclare({ queue: name, durable: true });
    const contestant = await (await load()).connect(url);
    let seen = 0;
    await contestant.subscribe(queues, false, () => seen++);
    const body = new Uint8Array(16);
    await Promise.all(queues.map((routingKey) => client.basicPublish({ routingKey, body })));
    await waitFor(() => (seen === 2 ? true : undefined));
    await contestant.close();
    for (const name of queues) expect(await client.queueDelete({ queue: name })).toEqual({ messageCount: 0 });
  });

  it('only connects', async () => {
    const connection = await (await load()).open(url);
    await connection.close();
  });
});

describe.each(Object.entries(programs))('the first message of %s', (name, load) => {
  it('is in the queue when it is confirmed', async () => {
    const { publishOne } = await load();
    const close = await publishOne(url, queue);
    expect(await client.basicGet({ queue, noAck: true })).toMatchObject({ deliveryMode: 2, routingKey: queue });
    await close();
  });

  it('is published by a program that can be bundled', async () => {
    const source = fileURLToPath(new URL(`../src/first-message/${name}.ts`, import.meta.url));
    const { bytes, gzipBytes } = await bundleSizes(source);
    expect(gzipBytes).toBeGreaterThan(5000);
    expect(bytes).toBeGreaterThan(gzipBytes);
  });
});
