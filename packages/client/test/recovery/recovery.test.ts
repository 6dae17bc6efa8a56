import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { describe, expect, it } from 'vitest';
import { Client } from '../../src/client.ts';
import type { ClientOptions } from '../../src/client-options.ts';

async function scene(options: ClientOptions = {}) {
  const broker = await startBroker({ listen: false });
  const client = new Client('amqp://', { transport: broker.transport(), recover: { minDelay: 1 }, ...options });
  const events: string[] = [];
  client.on('connected', (_info, report) => events.push(report === undefined ? 'connected' : 'connected again'));
  client.on('disconnected', (_error, isRecovering) => events.push(`disconnected ${isRecovering}`));
  client.on('recovering', ({ attempt }) => events.push(`recovering ${attempt}`));
  client.on('notRestored', (error, entity) => events.push(`not restored ${entity.kind}: ${error.message}`));
  client.on('closed', () => events.push('closed'));
  await client.connect();
  return { broker, client, events };
}

const reconnected = (client: Client): Promise<void> =>
  new Promise((resolve) => client.once('connected', () => resolve()));

async function cut(broker: EmbeddedBroker, client: Client): Promise<void> {
  const back = reconnected(client);
  broker.faults.dropConnections();
  await back;
}

describe('a lost connection', () => {
  it('is made again, with the topology, the consumers and what is open', async () => {
    const { broker, client, events } = await scene();
    await client.exchangeDeclare({ exchange: 'e', autoDelete: true });
    await client.queueDeclare({ queue: 'q', exclusive: true });
    await client.queueBind({ queue: 'q', exchange: 'e', routingKey: 'k' });
    const got: string[] = [];
    client.basicConsume({ queue: 'q', prefetchCount: 3 }, (error, message) => {
      got.push(error === undefined ? `${message?.text()}` : String(error));
      message?.ack();
    });
    await client.basicPublish({ exchange: 'e', routingKey: 'k', body: 'one' });
    broker.faults.dropConnections();
    const publish = client.basicPublish({ exchange: 'e', routingKey: 'k', body: 'two', mandatory: true });
    const declare = client.queueDeclare({ queue: 'later' });
    await Promise.all([publish, declare]);
    await broker.consumed('q');
    expect(got).toEqual(['one', 'two']);
    expect(events).toEqual(['connected', 'disconnected true', 'recovering 1', 'connected again']);
    expect(client.state).toBe('connected');
    await client.shutdown();
    expect(broker.mistakes).toEqual([]);
    await broker.stop();
  });

  it('gives a server-named queue another name, which is used wherever the old one is given', async () => {
    const { broker, client } = await scene();
    const declared = await client.queueDeclare({ exclusive: true });
    const first = declared.queue;
    await client.exchangeDeclare({ exchange: 'e' });
    await client.queueBind({ queue: first, exchange: 'e', routingKey: 'k' });
    const consumer = client.basicConsume({ queue: first });
    await consumer.ready;
    const renames: string[][] = [];
    client.on('queueRenamed', (from, to) => renames.push([from, to]));
    for (let round = 0; round < 3; round++) await cut(broker, client);
    expect(renames.map(([from]) => from)).toEqual([first, renames[0]?.[1], renames[1]?.[1]]);
    expect(declared.queue).toBe(renames[2]?.[1]);
    expect(consumer.queue).toBe(declared.queue);
    await client.basicPublish({ routingKey: first, body: 'by its first name', mandatory: true });
    await client.basicPublish({ exchange: 'e', routingKey: 'k', body: 'by its binding', mandatory: true });
    const texts: string[] = [];
    for await (const message of consumer) {
      texts.push(message.text());
      expect(message.queue).toBe(declared.queue);
      message.ack();
      if (texts.length === 2) break;
    }
    expect(texts).toEqual(['by its first name', 'by its binding']);
    await client.close();
    await broker.stop();
  });
});

describe('a retryIf that is async', () => {
  it("leaves it to the client's own rules, and is reported with what its promise rejects with", async () => {
    const retryIf: unknown = () => Promise.reject(new Error('no'));
    const recover = { minDelay: 1, retryIf: retryIf as () => boolean };
    const { broker, client } = await scene({ recover });
    const unobserved: string[] = [];
    client.on('unobserved', (error) => unobserved.push(String(error)));
    await cut(broker, client);
    expect(unobserved).toEqual([
      expect.stringContaining('recover.retryIf returned a promise; it has to return true or false at once'),
      'Error: no',
    ]);
    await client.close();
    await broker.stop();
  });
});

describe('with recover: false', () => {
  it('everything open fails, as it always did', async () => {
    const { broker, client, events } = await scene({ recover: false });
    const consumer = client.basicConsume({ queue: (await client.queueDeclare({ queue: 'q' })).queue });
    await consumer.ready;
    const closed = new Promise((resolve) => client.once('closed', resolve));
    broker.faults.dropConnections();
    await closed;
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CONNECTION_BROKEN' });
    expect(events).toEqual(['connected', 'disconnected false', 'closed']);
    expect(client.state).toBe('idle');
    await broker.stop();
  });
});

describe('close() while recovering', () => {
  it('settles at once, rejects what is held, and no attempt follows', async () => {
    const { broker, client, events } = await scene({ recover: { minDelay: 60_000, maxDelay: 60_000 } });
    await client.queueDeclare({ queue: 'q' });
    const gone = new Promise((resolve) => client.once('disconnected', resolve));
    broker.faults.dropConnections();
    await gone;
    const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
    const declare = client.queueDeclare({ queue: 'q2' });
    expect(client.state).toBe('recovering');
    expect(client.recovery).toMatchObject({ phase: 'waiting', attempt: 1, held: { operations: 1, publishes: 1 } });
    await client.close();
    await expect(publish).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'not-sent' });
    await expect(declare).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'not-sent' });
    expect(events).toEqual(['connected', 'disconnected true', 'recovering 1', 'closed']);
    expect(client.state).toBe('idle');
    await client.connect();
    await client.close();
    await broker.stop();
  });
});
