/** The life of a client: before connect, twice over, in the middle, after the close, and afresh. */
import { Client, ConnectionBroken, type Operation, UsageError } from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { countOf } from './fates.ts';

const url = inject('amqpUrl');
const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };

/** One of each operation. */
function everyOperation(client: Client): readonly Operation<unknown>[] {
  const queue = 'q';
  const consumer = client.basicConsume({ queue });
  return [
    client.queueDeclare(),
    client.queueDelete({ queue }),
    client.queuePurge({ queue }),
    client.queueBind({ queue, exchange: 'x' }),
    client.queueUnbind({ queue, exchange: 'x' }),
    client.exchangeDeclare({ exchange: 'x' }),
    client.exchangeDelete({ exchange: 'x' }),
    client.exchangeBind({ destination: 'x', source: 'y' }),
    client.exchangeUnbind({ destination: 'x', source: 'y' }),
    client.basicPublish({ routingKey: queue }),
    client.basicGet({ queue }),
    consumer.ready,
    client.basicConsumeMulti({ queues: [queue, 'r'] }).ready,
    client.basicQos(consumer, { prefetchCount: 1 }),
  ];
}

async function expectUsageErrors(client: Client): Promise<void> {
  const operations = everyOperation(client);
  const outcomes = await Promise.allSettled(operations);
  for (const [index, outcome] of outcomes.entries()) {
    expect(outcome.status).toBe('rejected');
    if (outcome.status !== 'rejected') continue;
    expect(outcome.reason).toBeInstanceOf(UsageError);
    expect(outcome.reason).toMatchObject({ outcome: 'not-sent', method: operations[index]?.method });
    expect(String(outcome.reason)).toContain('connect()');
  }
}

/** Notes the events in their order. */
function events(client: Client): string[] {
  const seen: string[] = [];
  for (const name of ['connected', 'disconnected', 'closed'] as const) client.on(name, () => seen.push(name));
  return seen;
}

describe('before connect', () => {
  it('every operation is a UsageError', async () => {
    await expectUsageErrors(new Client(url));
  });

  it('every operation is a UsageError while connecting too', async () => {
    const client = new Client(url);
    const connecting = client.connect();
    await expectUsageErrors(client);
    await connecting;
    await client.close();
  });

  it('close() and shutdown() settle, and the client can connect', async () => {
    const client = new Client(url);
    await client.close();
    await client.shutdown();
    await client.connect();
    await client.close();
  });
});

describe('twice', () => {
  it('connect() gives one connection and one result, before and after it is open', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false });
    const seen = events(client);
    const [one, other] = await Promise.all([client.connect(), client.connect()]);
    expect(other).toBe(one);
    expect(await client.connect()).toBe(one);
    const byCallback = await new Promise((resolve) => client.connect((_error, info) => resolve(info)));
    expect(byCallback).toBe(one);
    expect(proxy.accepted).toBe(1);
    expect(seen).toEqual(['connected']);
    await client.close();
  });

  it('close() has the same outcome, before and after it is done', async () => {
    const client = new Client(url);
    await client.connect();
    const seen = events(client);
    const outcomes = await Promise.all([client.close(), client.close(), client.shutdown(), client.close()]);
    const graceful = { handlersAbandoned: 0, operationsUnknown: 0, publishesUnknown: 0 };
    expect(outcomes).toEqual([undefined, undefined, graceful, undefined]);
    await client.close();
    await new Promise<void>((resolve) => client.close(() => resolve()));
    expect(seen).toEqual(['disconnected', 'closed']);
  });
});

describe('after close', () => {
  it('every operation is a UsageError, from the call of close() on', async () => {
    const client = new Client(url);
    await client.connect();
    const closed = client.close();
    await expectUsageErrors(client);
    await closed;
    await expectUsageErrors(client);
  });

  it('it connects afresh, many times, and works as the first time', async () => {
    const client = new Client(url);
    const seen = events(client);
    const queue = uniqueName('afresh');
    for (let round = 0; round < 5; round++) {
      await client.connect();
      await client.queueDeclare({ queue, durable: true });
      await client.basicPublish({ routingKey: queue, body: `${round}`, mandatory: true });
      const message = await client.basicGet({ queue });
      expect(message?.text()).toBe(`${round}`);
      expect(message?.ack()).toBe(true);
      await client.close();
      expect(message === null || message.isSettled).toBe(true);
    }
    await client.connect();
    expect(await client.queueDelete({ queue })).toEqual({ messageCount: 0 });
    await client.close();
    expect(seen).toEqual(Array.from({ length: 6 }, () => ['connected', 'disconnected', 'closed']).flat());
  });

  it('connect() right after close(), without waiting, opens a fresh connection', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false });
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    const closed = client.close();
    const connected = client.connect();
    await Promise.all([closed, connected]);
    // The exclusive queue went with the first connection.
    await expect(client.queueDeclare({ queue, passive: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(proxy.accepted).toBe(2);
    await client.close();
  });

  it('connect() between two calls of close() is undone by the second', async () => {
    const client = new Client(url);
    await client.connect();
    const seen = events(client);
    const first = client.close();
    const between = expect(client.connect()).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'not-sent' });
    await Promise.all([first, between, client.close()]);
    await expectUsageErrors(client);
    expect(seen).toEqual(['disconnected', 'closed']);
  });

  it('connect() in a listener of the close is a fresh connection, and the same for who asked before', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false });
    await client.connect();
    let fromListener: PromiseLike<unknown> | undefined;
    client.once('closed', () => {
      fromListener = client.connect();
    });
    const closed = client.close();
    const asked = client.connect();
    await closed;
    expect(await asked).toBe(await fromListener);
    expect(proxy.accepted).toBe(2);
    await client.close();
  });

  it('connect() that waits for the close can be given up', async () => {
    const client = new Client(url);
    await client.connect();
    const closed = client.close();
    const given = new AbortController();
    const waiting = expect(client.connect({ signal: given.signal })).rejects.toBe('enough');
    given.abort('enough');
    await Promise.all([closed, waiting]);
    await expectUsageErrors(client);
    await client.connect();
    await client.close();
  });
});

describe('in the middle', () => {
  it('close() while connecting ends the attempt: connect() rejects, close() resolves', async () => {
    const client = new Client(url);
    const connecting = expect(client.connect()).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', retryable: false });
    await client.close();
    await connecting;
    await client.connect();
    await client.close();
  });

  it('a connection that is lost fails what is open, and connect() makes another', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false });
    const seen = events(client);
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    const ended = new Promise((resolve) => client.once('closed', resolve));
    proxy.blackHole('serverToClient');
    const publish = expect(client.basicPublish({ routingKey: queue })).rejects.toMatchObject({
      code: 'CONNECTION_BROKEN',
    });
    proxy.reset();
    expect(await ended).toBeInstanceOf(ConnectionBroken);
    await publish;
    await proxy.restore();
    for (const operation of everyOperation(client)) {
      await expect(operation).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'not-sent' });
    }
    await client.connect();
    expect((await client.queueDeclare({ exclusive: true })).messageCount).toBe(0);
    await client.close();
    expect(seen).toEqual(['connected', 'disconnected', 'closed', 'connected', 'disconnected', 'closed']);
  });

  it('close() inside a callback, and inside a listener, is no different', async () => {
    const client = new Client(url);
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    await new Promise<void>((resolve) => {
      client.basicPublish({ routingKey: queue }, () => {
        client.close(() => resolve());
      });
    });
    const other = new Client(url);
    const closed = new Promise<void>((resolve) => other.once('closed', () => resolve()));
    other.once('connected', () => void other.close());
    await other.connect().catch(() => {});
    await closed;
    await expectUsageErrors(other);
  });

  it('publishes of the turn in which it is closed go out before the close', async () => {
    const [client, other] = [new Client(url), new Client(url)];
    await Promise.all([client.connect(), other.connect()]);
    const { queue } = await other.queueDeclare({ exclusive: true });
    await client.basicPublish({ routingKey: queue, body: 'opens the channel' });
    const publishes = Array.from({ length: 100 }, (_, index) =>
      client.basicPublish({ routingKey: queue, body: `${index}` }),
    );
    const outcomes = Promise.allSettled(publishes);
    await client.close();
    for (const outcome of await outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ outcome: 'unknown' });
    }
    expect(await countOf(other, queue)).toBe(101);
    await other.close();
  });

  it('await using shuts it down', async () => {
    const seen: string[] = [];
    const other = new Client(url);
    await other.connect();
    const { queue } = await other.queueDeclare({ exclusive: true });
    {
      await using client = new Client(url);
      client.on('closed', () => seen.push('closed'));
      await client.connect();
      client.basicPublish({ routingKey: queue, body: 'flushed' }, (error) => seen.push(`published ${error}`));
    }
    expect(seen).toEqual(['published undefined', 'closed']);
    expect((await other.queueDeclare({ queue, passive: true })).messageCount).toBe(1);
    await other.close();
  });
});
