import { Client } from '@puka/client';
import { UsageError } from '@puka/errors';
import { protocolHeader } from '@puka/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedBroker, startBroker } from '../src/index.ts';
import { RawPeer } from './raw-peer.ts';

let broker: EmbeddedBroker;
let client: Client;

beforeEach(async () => {
  broker = await startBroker({ listen: false, vhosts: ['other'] });
  client = await newClient();
});

afterEach(async () => {
  await client.close();
  await broker.stop();
});

async function newClient(url = 'amqp://'): Promise<Client> {
  const client = new Client(url, { transport: broker.transport() });
  await client.connect();
  return client;
}

describe('a broker', () => {
  it('takes clients over the network at its url', async () => {
    await using broker = await startBroker();
    const client = new Client(broker.url);
    await client.connect();
    expect(broker.url).toBe(`amqp://guest:guest@127.0.0.1:${broker.port}/%2F`);
    expect(broker.connections).toMatchObject([{ user: 'guest', vhost: '/' }]);
    await client.close();
  });

  it('has no url where it does not listen', () => {
    expect(() => broker.url).toThrow('the broker does not listen');
  });

  it('is not started with an unknown option', async () => {
    await expect(startBroker({ timer: 'manual' } as object)).rejects.toThrow("startBroker() has no option 'timer'");
    await expect(startBroker({ time: 'manuel' as 'manual' })).rejects.toThrow(UsageError);
    await expect(startBroker({ historyLimit: Number.NaN })).rejects.toThrow(UsageError);
    expect(() => broker.offer({ framemax: 8192 } as object)).toThrow(UsageError);
  });

  it('has nothing of another broker', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    await using other = await startBroker({ listen: false });
    expect(other.queues()).toEqual([]);
  });

  it('lets in the users it has, to the vhosts they may open', async () => {
    broker.addUser('ann', 'secret', { vhosts: ['other'] });
    const ann = await newClient('amqp://ann:secret@host/other');
    expect(broker.connections).toMatchObject([{ user: 'guest' }, { user: 'ann', vhost: 'other' }]);
    await ann.close();
    await expect(newClient('amqp://ann:secret@host')).rejects.toThrow("refused for user 'ann'");
    broker.removeUser('ann');
    await expect(newClient('amqp://ann:secret@host/other')).rejects.toThrow('ACCESS_REFUSED');
  });

  it('holds users to their permissions', async () => {
    broker.setPermissions('guest', { configure: '^mine-' });
    await client.queueDeclare({ queue: 'mine-1' });
    await expect(client.queueDeclare({ queue: 'yours' })).rejects.toMatchObject({ name: 'AccessRefused' });
  });

  it('offers the values of its options', async () => {
    await using broker = await startBroker({ listen: false, frameMax: 8192, channelMax: 7, heartbeat: 30 });
    const client = new Client('amqp://', { transport: broker.transport() });
    expect(await client.connect()).toMatchObject({ frameMax: 8192, channelMax: 7, heartbeat: 30 });
    await client.close();
  });

  it('accepts no connection once it has been stopped', async () => {
    const broker = new EmbeddedBroker();
    await broker.stop();
    await broker.stop();
    const client = new Client('amqp://', { transport: broker.transport() });
    await expect(client.connect()).rejects.toMatchObject({ name: 'ConnectionBroken' });
  });

  it('keeps durable things with persistent messages over a restart', async () => {
    await client.queueDeclare({ queue: 'kept', durable: true });
    await client.queueDeclare({ queue: 'lost', durable: false });
    await client.basicPublish({ routingKey: 'kept', body: 'kept', deliveryMode: 2 });
    await client.basicPublish({ routingKey: 'kept', body: 'lost', deliveryMode: 1 });
    broker.restart();
    expect(broker.queues().map(({ name }) => name)).toEqual(['kept']);
    expect(broker.queue('kept')?.messages.map((message) => message.text())).toEqual(['kept']);
    expect(broker.connections).toEqual([]);
  });

  it('sends clients the reason why it closes their connections', async () => {
    const closed = new Promise((resolve) => client.once('disconnected', resolve));
    broker.closeConnections('maintenance');
    expect(await closed).toMatchObject({ message: expect.stringContaining('CONNECTION_FORCED - maintenance') });
  });
});

describe('inspection', () => {
  it('shows queues with what they hold', async () => {
    await client.queueDeclare({ queue: 'jobs', durable: true, arguments: { 'x-max-length': 5 } });
    for (const body of ['a', 'b']) await client.basicPublish({ routingKey: 'jobs', body, headers: { n: 1 } });
    const consumer = client.basicConsume({ queue: 'jobs', prefetchCount: 1, consumerTag: 'c' });
    await client.wait(consumer);
    expect(broker.queue('jobs')).toMatchObject({
      ...{ name: 'jobs', vhost: '/', type: 'classic', durable: true, exclusive: false, autoDelete: false },
      ...{ arguments: { 'x-max-length': 5 }, ready: 1, unacked: 1 },
      consumers: [{ consumerTag: 'c', noAck: false, exclusive: false, prefetchCount: 1, isActive: true }],
    });
    const [next] = broker.queue('jobs')?.messages ?? [];
    expect([next?.text(), next?.headers, next?.routingKey]).toEqual(['b', { n: 1 }, 'jobs']);
    expect(broker.queue('none')).toBeUndefined();
    expect(broker.queues('other')).toEqual([]);
    expect(() => broker.queues('none')).toThrow("there is no vhost 'none'");
  });

  it('shows exchanges and bindings', async () => {
    await client.exchangeDeclare({ exchange: 'news', type: 'topic', durable: true });
    await client.queueDeclare({ queue: 'jobs' });
    await client.queueBind({ queue: 'jobs', exchange: 'news', routingKey: '*.uk', arguments: { a: 'b' } });
    await client.exchangeBind({ destination: 'amq.fanout', source: 'news', routingKey: '#' });
    expect(broker.exchanges().find(({ name }) => name === 'news')).toEqual({
      ...{ name: 'news', vhost: '/', type: 'topic', durable: true, autoDelete: false, internal: false, arguments: {} },
    });
    expect(broker.bindings()).toEqual([
      {
        ...{ vhost: '/', source: 'news', destination: 'jobs', destinationKind: 'queue' },
        ...{ routingKey: '*.uk', arguments: { a: 'b' } },
      },
      {
        ...{ vhost: '/', source: 'news', destination: 'amq.fanout', destinationKind: 'exchange' },
        ...{ routingKey: '#', arguments: {} },
      },
    ]);
  });

  it('shows connections with what they have', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    await client.basicPublish({ routingKey: 'jobs' });
    await client.wait(client.basicConsume({ queue: 'jobs' }));
    expect(broker.connections).toMatchObject([{ user: 'guest', consumers: 1, unacked: 1, isBlocked: false }]);
  });

  it('remembers what has been published to each queue, and what came to none', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    await client.basicPublish({ routingKey: 'jobs', body: 'a', correlationId: 'x', deliveryMode: 2 });
    await client.basicPublish({ routingKey: 'none', body: 'lost' });
    await client.basicGet({ queue: 'jobs', noAck: true });
    const [message] = await broker.published('jobs');
    expect([message?.text(), message?.properties.correlationId, message?.isPersistent]).toEqual(['a', 'x', true]);
    expect(broker.unroutable.map((message) => message.text())).toEqual(['lost']);
    broker.forgetPublished();
    expect(broker.unroutable).toEqual([]);
  });
});

describe('a message of the test itself', () => {
  it('comes to consumers as if a client had sent it', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    const consumer = client.basicConsume({ queue: 'jobs' });
    await consumer.ready;
    expect(broker.publish({ routingKey: 'jobs', body: 'a', headers: { n: 1 }, messageId: 'm' })).toBe(1);
    const message = await client.wait(consumer);
    expect([message?.text(), message?.headers, message?.messageId]).toEqual(['a', { n: 1 }, 'm']);
    message?.ack();
    await broker.consumed('jobs');
    expect((await broker.published('jobs')).map((each) => each.text())).toEqual(['a']);
  });

  it('is routed, and refused what RabbitMQ refuses', () => {
    expect(broker.publish({ exchange: 'amq.topic', routingKey: 'x' })).toBe(0);
    expect(() => broker.publish({ exchange: 'none' })).toThrow("no exchange 'none' in vhost '/'");
    expect(() => broker.publish({ expiration: 'soon' })).toThrow("invalid expiration 'soon'");
    expect(() => broker.publish({}, 'nowhere')).toThrow("there is no vhost 'nowhere'");
  });
});

describe('waiting', () => {
  it('ends as soon as so many messages have been published', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    const published = broker.published('jobs', 3);
    for (const body of ['a', 'b', 'c']) void client.basicPublish({ routingKey: 'jobs', body });
    expect((await published).map((message) => message.text())).toEqual(['a', 'b', 'c']);
  });

  it('reports how many came when it has taken too long', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    await client.basicPublish({ routingKey: 'jobs' });
    await expect(broker.published('jobs', 2, { timeoutMs: 1 })).rejects.toMatchObject({
      name: 'OperationTimeout',
      message: "published('jobs', 2): 1 came within 1 ms",
    });
  });

  it('for rest ends when everything delivered has been settled', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    const done: string[] = [];
    client.basicConsume({ queue: 'jobs' }, (_error, message) => {
      if (message === undefined) return;
      done.push(message.text());
      setImmediate(() => message.ack());
    });
    for (const body of ['a', 'b', 'c']) void client.basicPublish({ routingKey: 'jobs', body });
    await broker.published('jobs', 3);
    await broker.idle();
    expect(done).toEqual(['a', 'b', 'c']);
    expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
  });

  it('for rest reports what is not at rest', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    await client.basicPublish({ routingKey: 'jobs' });
    await client.basicGet({ queue: 'jobs' });
    await expect(broker.idle({ timeoutMs: 1 })).rejects.toThrow(
      "idle(): queue 'jobs' has 1 unacked; the broker did not",
    );
  });

  it('for everything to be consumed reports what is left', async () => {
    await client.queueDeclare({ queue: 'jobs' });
    for (const body of ['a', 'b']) broker.publish({ routingKey: 'jobs', body });
    const message = await client.basicGet({ queue: 'jobs' });
    await expect(broker.consumed('jobs', { timeoutMs: 1 })).rejects.toThrow(
      "consumed('jobs'): 1 ready, 1 unacked within 1 ms",
    );
    const consumed = broker.consumed('jobs');
    message?.ack();
    client.basicConsume({ queue: 'jobs' }, (_error, next) => next?.ack());
    await consumed;
  });

  it('for what can be seen ends as soon as it is so', async () => {
    const ready = broker.until(() => broker.queue('jobs')?.consumers.length === 1);
    await client.queueDeclare({ queue: 'jobs' });
    client.basicConsume({ queue: 'jobs' });
    await ready;
    await broker.until(() => true);
  });

  it('for what can be seen shows what did not come, and what the condition threw', async () => {
    const late = broker.until(() => broker.queues().length > 9, { timeoutMs: 1 });
    await expect(late).rejects.toThrow('queues().length > 9): the condition did not become true within 1 ms');
    const broken = broker.until(() => {
      if (broker.queues().length > 0) throw new Error('mine');
      return false;
    });
    await Promise.all([client.queueDeclare({ queue: 'jobs' }), expect(broken).rejects.toThrow('mine')]);
  });

  it('ends with the broker', async () => {
    const waits = [broker.published('jobs'), broker.until(() => false)];
    const ended = Promise.all(waits.map((wait) => expect(wait).rejects.toThrow('the broker has been stopped')));
    await broker.stop();
    await ended;
    await expect(broker.idle()).rejects.toThrow('the broker has been stopped');
  });
});

it('offers other limits and another version to the connections to come', async () => {
  await using broker = await startBroker({ listen: false, version: '3.12.0', heartbeat: 30 });
  const before = await RawPeer.open(broker.transport(), 0);
  broker.offer({ version: '4.1.2', frameMax: 8192, channelMax: 7 });
  const after = await RawPeer.connect(broker.transport(), 0);
  after.sendBytes(protocolHeader);
  expect((await after.next('connection.start')).method).toMatchObject({ serverProperties: { version: '4.1.2' } });
  const login = { mechanism: 'PLAIN', response: '\0guest\0guest', locale: 'en_US' } as const;
  after.send(0, { type: 'connection.start-ok', clientProperties: {}, ...login });
  const { method } = await after.next('connection.tune');
  expect(method).toMatchObject({ frameMax: 8192, channelMax: 7, heartbeat: 30 });
  expect(before.heard[0]?.method).toMatchObject({ serverProperties: { version: '3.12.0' } });
  for (let id = 1; id <= 8; id++) await before.channel(id);
});
