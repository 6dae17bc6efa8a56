/** `maxInboundBytes`: what no code takes is left in the socket, and nothing else is affected. */
import { Client, type ClientOptions, type Consumer } from '@puka/client';
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type WatchedConnector, watchedConnector } from './watched-connector.ts';

const url = inject('amqpUrl');
const maxInboundBytes = 256 * 1024;
const bodyBytes = 4096;
const count = 2048;
const connectors = new Map<Client, WatchedConnector>();
let client: Client;
let queue: string;

/** A client of its own for each test, with 8 MiB in a queue of its own. */
beforeEach(async () => {
  client = await connected(url, { heartbeat: 0 });
  ({ queue } = await client.queueDeclare({ exclusive: true }));
  await fill(client, queue);
});

afterAll(async () => {
  await Promise.all([...connectors.keys()].map((each) => each.close()));
});

async function connected(to: string, options: ClientOptions): Promise<Client> {
  const transport = watchedConnector();
  const made = new Client(to, { recover: false, maxInboundBytes, transport, ...options });
  connectors.set(made, transport);
  await made.connect();
  return made;
}

async function fill(by: Client, name: string, messages = count): Promise<void> {
  const body = new Uint8Array(bodyBytes);
  await Promise.all(Array.from({ length: messages }, () => by.basicPublish({ routingKey: name, body })));
}

function connectorOf(of: Client): WatchedConnector {
  const connector = connectors.get(of);
  if (connector === undefined) throw new Error('not a client of these tests');
  return connector;
}

/** A consumer whose messages no code takes, when it has filled what there is room for. */
async function stuck(of: Client, name: string): Promise<Consumer> {
  const consumer = of.basicConsume({ queue: name, noAck: true });
  await consumer.ready;
  await waitFor(() => connectorOf(of).isPaused);
  return consumer;
}

describe('a consumer whose messages no code takes', () => {
  it('stops the reading, and taking them starts it again: all come, in their order', async () => {
    const before = connectorOf(client).bytesRead;
    const consumer = await stuck(client, queue);
    // What was on its way into the process when it stopped comes on top: a slab or two; Bun reads up to 512 KiB at once.
    expect(connectorOf(client).bytesRead - before).toBeLessThan(maxInboundBytes + 1024 * 1024);
    let taken = 0;
    for await (const message of consumer) {
      expect(message.deliveryTag).toBe(taken + 1);
      if (++taken === count) break;
    }
    expect(taken).toBe(count);
    expect(connectorOf(client).isPaused).toBe(false);
  });

  it('is cancelled all the same, by cancel() and by leaving its loop', async () => {
    const consumer = await stuck(client, queue);
    expect(await consumer.cancel()).toEqual({ consumerTag: consumer.consumerTag });
    await fill(client, queue);
    const second = await stuck(client, queue);
    for await (const _message of second) break;
    expect((await client.queueDeclare({ queue, passive: true })).consumerCount).toBe(0);
  });

  it('holds up no declare, get, publish, acknowledgement of anything else', async () => {
    await stuck(client, queue);
    const other = await client.queueDeclare({ exclusive: true });
    await client.basicPublish({ routingKey: other.queue, body: 'x', mandatory: true });
    const message = await client.basicGet({ queue: other.queue });
    expect(message?.text()).toBe('x');
    expect(message?.ack()).toBe(true);
    expect(await client.queueDelete({ queue: other.queue })).toEqual({ messageCount: 0 });
  });

  it('holds up no publish that is awaited between its messages', async () => {
    const answers = await client.queueDeclare({ exclusive: true });
    const consumer = await stuck(client, queue);
    let taken = 0;
    for await (const _message of consumer) {
      await client.basicPublish({ routingKey: answers.queue, body: `${taken}` });
      if (++taken === 500) break;
    }
    expect((await client.queueDeclare({ queue: answers.queue, passive: true })).messageCount).toBe(500);
  });

  it('holds up no close()', async () => {
    const own = await connected(url, { closeTimeout: 600_000 });
    const held = await own.queueDeclare({ exclusive: true });
    await fill(own, held.queue);
    await stuck(own, held.queue);
    await own.close();
  });

  it('does not make the broker pass for dead, nor the client', async () => {
    const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
    await using proxy = await faultProxy({ target, record: true });
    const beating = await connected(proxy.urlFor(url), { heartbeat: 4 });
    const held = await client.queueDeclare({ queue: uniqueName('held'), autoDelete: true });
    // More than the sockets of the proxy and of the broker hold.
    await fill(client, held.queue, 2 * count);
    const errors: string[] = [];
    beating.on('closed', (error) => errors.push(String(error)));
    const consumer = await stuck(beating, held.queue);
    const frame = Buffer.from('08000000000000ce', 'hex').join(',');
    const beatsOn = (connection: number): number =>
      proxy.recorded('clientToServer', connection).slice(-1000).join(',').split(frame).length - 1;
    // Of all that came to the proxy: who else may have tried this port before is not the client.
    const beats = (): number => Math.max(0, ...proxy.conversations.map((_, connection) => beatsOn(connection)));
    // Two for each interval: the broker has been unread for more than three of them. They are long, because what else this
    // process does may keep it from beating for a while.
    await waitFor(() => errors.length > 0 || beats() >= 7).catch((error: unknown) => {
      throw new Error(`${beats()} heartbeats, ${proxy.connections} of ${proxy.accepted} connections: ${error}`);
    });
    expect(errors).toEqual([]);
    let taken = 0;
    for await (const _message of consumer) if (++taken === 2 * count) break;
    expect(taken).toBe(2 * count);
  });
});
