/** A broker that is short of memory reads no more from clients that publish: publishes wait, and nothing else is affected. */
import { Client, ConnectionBroken, OperationTimeout } from '@puka/client';
import { type Broker, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { privateNode } from './private-node.ts';

const node = privateNode();
let broker: Broker;
let direct: Client;
const clients: Client[] = [];

beforeAll(async () => {
  broker = await node.take();
  direct = new Client(broker.url, { recover: false });
  await direct.connect();
});

afterEach(async () => {
  await broker.setMemoryAlarm('off');
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await direct.close();
  await node.giveBack();
});

async function connected(options: ConstructorParameters<typeof Client>[1] = {}): Promise<Client> {
  const client = new Client(broker.url, { recover: false, ...options });
  clients.push(client);
  await client.connect();
  return client;
}

/** A client whose publish the broker will not take for now. */
async function blocked(options: ConstructorParameters<typeof Client>[1] = {}): Promise<{
  readonly client: Client;
  readonly queue: string;
  readonly publish: PromiseLike<void>;
  readonly reason: string;
}> {
  const client = await connected(options);
  const queue = uniqueName('blocked');
  await client.queueDeclare({ queue, autoDelete: true });
  await broker.setMemoryAlarm('on');
  const told = new Promise<string>((resolve) => client.once('blocked', resolve));
  const publish = client.basicPublish({ routingKey: queue, body: 'first' });
  publish.catch(() => {});
  return { client, queue, publish, reason: await told };
}

describe('a broker low on memory', () => {
  it('emits blocked with its reason; publishes wait; it emits unblocked, and they are confirmed', async () => {
    const { client, queue, publish, reason } = await blocked();
    expect(reason).toBe('low on memory');
    let settled = 0;
    const more = Array.from({ length: 50 }, (_, index) =>
      client.basicPublish({ routingKey: queue, body: `${index}` }).then(() => settled++),
    );
    // Another connection goes about its business meanwhile.
    expect((await direct.queueDeclare({ queue: uniqueName('other'), exclusive: true })).messageCount).toBe(0);
    expect(settled).toBe(0);
    const unblocked = new Promise<void>((resolve) => client.once('unblocked', resolve));
    await broker.setMemoryAlarm('off');
    await unblocked;
    await Promise.all([publish, ...more]);
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(51);
  });

  it('emits nothing on a client that does not publish', async () => {
    const idle = await connected();
    const told: string[] = [];
    idle.on('blocked', (reason) => told.push(reason));
    await blocked();
    expect((await idle.queueDeclare({ exclusive: true })).messageCount).toBe(0);
    expect(told).toEqual([]);
  });

  it('does not hold up close(), which gives up after closeTimeout: what was open is unknown', async () => {
    const { client, publish } = await blocked({ closeTimeout: 200 });
    const closed = client.close();
    await expect(publish).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'unknown' });
    await closed;
    await expect(publish).rejects.toBeInstanceOf(ConnectionBroken);
  });

  it('does not hold up shutdown() for longer than its timeout', async () => {
    const { client, publish } = await blocked({ closeTimeout: 200 });
    const ended = client.shutdown({ timeout: 200 });
    await expect(publish).rejects.toBeInstanceOf(ConnectionBroken);
    await ended;
  });

  it('lets a publish be given up after its timeout; the message may still arrive', async () => {
    const { client, queue } = await blocked();
    const late = client.basicPublish({ routingKey: queue, body: 'late', timeout: 100 });
    await expect(late).rejects.toBeInstanceOf(OperationTimeout);
    await expect(late).rejects.toMatchObject({ outcome: 'unknown', method: 'basic.publish' });
    await broker.setMemoryAlarm('off');
    await client.basicPublish({ routingKey: queue, body: 'after' });
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(3);
  });

  it('does not pass for dead, nor does the client, over several heartbeat intervals', async () => {
    const { client, queue, publish } = await blocked({ heartbeat: 2 });
    const ends: unknown[] = [];
    client.on('closed', (error) => ends.push(error));
    // Another connection's heartbeats show how much time has passed.
    const clock = await connected({ heartbeat: 2 });
    const { queue: ticks } = await clock.queueDeclare({ exclusive: true });
    const table = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': ticks };
    const waiting = await direct.queueDeclare({ exclusive: true, arguments: table });
    await broker.setMemoryAlarm('off');
    await publish;
    await direct.basicPublish({ routingKey: waiting.queue, expiration: '7000' });
    await broker.setMemoryAlarm('on');
    const again = client.basicPublish({ routingKey: queue, body: 'second' });
    await waitFor(async () => (await clock.basicGet({ queue: ticks, noAck: true })) !== null);
    expect(ends).toEqual([]);
    await broker.setMemoryAlarm('off');
    await again;
  });
});
