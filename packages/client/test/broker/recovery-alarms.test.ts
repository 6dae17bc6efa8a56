/** A memory alarm around a lost connection. */
import { Client, type ClientOptions, type Message } from '@puka/client';
import { type Broker, type FaultProxy, faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { privateNode } from './private-node.ts';
import { soon, untilOneSubscription } from './recovery-load.ts';

const node = privateNode();
let broker: Broker;
let proxy: FaultProxy;
let queue: string;
const clients: Client[] = [];

beforeAll(async () => {
  broker = await node.take();
});

beforeEach(async () => {
  proxy = await faultProxy({ target: { host: broker.host, port: broker.port } });
  queue = uniqueName('alarm');
});

afterEach(async () => {
  await broker.setMemoryAlarm('off');
  await proxy.restore();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await proxy.stop();
});

afterAll(() => node.giveBack());

async function connected(options: ClientOptions = {}): Promise<Client> {
  const client = new Client(proxy.urlFor(broker.url), { ...soon, ...options });
  clients.push(client);
  await client.connect();
  return client;
}

/** A client that has published so many messages and consumes them one at a time; it holds the first. */
async function working(count: number): Promise<{ client: Client; texts: string[]; held: Message; events: string[] }> {
  const client = await connected();
  await client.queueDeclare({ queue, durable: true });
  await Promise.all(
    Array.from({ length: count }, (_, index) => client.basicPublish({ routingKey: queue, body: `${index}` })),
  );
  const texts: string[] = [];
  const held: Message[] = [];
  client.basicConsume({ queue, prefetchCount: 1 }, (_error, message) => {
    if (message === undefined) return;
    texts.push(message.text());
    if (held.length === 0) held.push(message);
    else message.ack();
  });
  const events: string[] = [];
  client.on('blocked', () => events.push('blocked'));
  client.on('unblocked', () => events.push('unblocked'));
  client.on('disconnected', () => events.push('disconnected'));
  client.on('connected', () => events.push('connected'));
  return { client, texts, held: await waitFor(() => held[0]), events };
}

describe('under a memory alarm', () => {
  it('a client that is lost while it is blocked consumes again, and publishes when the alarm is over', async () => {
    const { client, texts, held, events } = await working(10);
    await broker.setMemoryAlarm('on');
    let isSettled = false;
    const publish = client.basicPublish({ routingKey: queue, body: 'late' }).then(() => {
      isSettled = true;
    });
    await waitFor(() => events.includes('blocked'));
    proxy.reset();
    // Blocked anew after the publish that is sent again.
    await waitFor(() => events.length === 5);
    expect(events).toEqual(['blocked', 'disconnected', 'unblocked', 'connected', 'blocked']);
    // Subscribed before the publish; after it the broker reads no acknowledgement either.
    await waitFor(() => texts.length === 2);
    expect(held.ack()).toBe(false);
    expect(isSettled).toBe(false);
    await broker.setMemoryAlarm('off');
    await publish;
    await waitFor(() => texts.at(-1) === 'late');
    expect(events.at(-1)).toBe('unblocked');
    await untilOneSubscription(broker, queue, 1);
    expect(await client.queueDelete({ queue })).toEqual({ messageCount: 0 });
  });

  it('a client comes back to a broker that is short by then', async () => {
    const { client, texts } = await working(10);
    await proxy.refuse();
    proxy.reset();
    await waitFor(() => client.state === 'recovering');
    const publish = client.basicPublish({ routingKey: queue, body: 'late' });
    await broker.setMemoryAlarm('on');
    await proxy.restore();
    // Subscribed before the publish; after it the broker reads no acknowledgement either.
    await waitFor(() => texts.length === 2);
    expect(publish.state).toBe('pending');
    await broker.setMemoryAlarm('off');
    await publish;
    await waitFor(() => texts.at(-1) === 'late');
    await untilOneSubscription(broker, queue, 1);
    await client.queueDelete({ queue });
  });
});
