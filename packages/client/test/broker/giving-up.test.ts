/** Operations that are given up: by a signal before, during and after, and by their timeout. */
import { getEventListeners } from 'node:events';
import { Client, type Consumer, type Operation, OperationTimeout, UsageError } from '@puka/client';
import { type FaultProxy, faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
const direct = new Client(url);
let proxy: FaultProxy;
let client: Client;
let queue: string;
/** Is open before the test begins, over a queue of its own. */
let standing: Consumer;

beforeAll(async () => {
  await direct.connect();
});

afterAll(async () => {
  await direct.close();
});

beforeEach(async () => {
  proxy = await faultProxy({ target });
  client = new Client(proxy.urlFor(url), { recover: false });
  await client.connect();
  queue = uniqueName('giving-up');
  await direct.queueDeclare({ queue, durable: true });
  standing = client.basicConsume({ queue: (await client.queueDeclare({ exclusive: true })).queue });
  await standing.ready;
});

afterEach(async () => {
  await client.close();
  await proxy.stop();
  await direct.queueDelete({ queue });
});

/** What an operation may take besides its own options. */
interface Bound {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

/** One of each kind, as the test names them. */
const kinds: readonly (readonly [name: string, start: (bound: Bound) => Operation<unknown>])[] = [
  ['queueDeclare', (bound) => client.queueDeclare({ queue: uniqueName('x'), exclusive: true, ...bound })],
  ['queueDelete', (bound) => client.queueDelete({ queue: uniqueName('x'), ...bound })],
  ['queuePurge', (bound) => client.queuePurge({ queue, ...bound })],
  ['queueBind', (bound) => client.queueBind({ queue, exchange: 'amq.direct', ...bound })],
  ['queueUnbind', (bound) => client.queueUnbind({ queue, exchange: 'amq.direct', ...bound })],
  ['exchangeDeclare', (bound) => client.exchangeDeclare({ exchange: 'amq.direct', passive: true, ...bound })],
  ['exchangeDelete', (bound) => client.exchangeDelete({ exchange: uniqueName('x'), ...bound })],
  ['exchangeBind', (bound) => client.exchangeBind({ destination: 'amq.fanout', source: 'amq.fanout', ...bound })],
  ['exchangeUnbind', (bound) => client.exchangeUnbind({ destination: 'amq.fanout', source: 'amq.fanout', ...bound })],
  ['basicPublish', (bound) => client.basicPublish({ routingKey: queue, body: 'x', ...bound })],
  ['basicGet', (bound) => client.basicGet({ queue, ...bound })],
  ['basicConsume', (bound) => client.basicConsume({ queue, ...bound }).ready],
  ['basicConsumeMulti', (bound) => client.basicConsumeMulti({ queues: [queue], ...bound }).ready],
  ['basicQos', (bound) => client.basicQos(standing, { prefetchCount: 1, ...bound })],
  ['basicCancel', (bound) => client.basicCancel(standing, bound)],
];

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe.each(kinds)('%s', (name, start) => {
  it('by a signal aborted before: nothing is sent', async () => {
    const reason = new Error('before');
    const operation = start({ signal: AbortSignal.abort(reason) });
    expect(client.needsWrite()).toBe(false);
    await expect(operation).rejects.toBe(reason);
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(0);
  });

  it('by a signal aborted meanwhile: it rejects with the reason, and the connection goes on', async () => {
    const given = new AbortController();
    proxy.blackHole('serverToClient');
    const operation = start({ signal: given.signal });
    const rejected = expect(operation).rejects.toBe('why');
    given.abort('why');
    await rejected;
    expect(listenersOf(given.signal)).toBe(0);
    await proxy.restore();
    expect((await client.queueDeclare({ queue, passive: true })).queue).toBe(queue);
  });

  it('by a signal aborted afterwards: it has its result', async () => {
    const given = new AbortController();
    const operation = start({ signal: given.signal });
    await operation;
    // That of a consumer covers its whole life.
    expect(listenersOf(given.signal)).toBe(name.startsWith('basicConsume') ? 1 : 0);
    given.abort();
    expect(listenersOf(given.signal)).toBe(0);
    expect(operation.state).toBe('fulfilled');
    await operation;
  });

  it('by its timeout: OperationTimeout, unknown where it was sent', async () => {
    proxy.blackHole('serverToClient');
    const operation = start({ timeout: 30 });
    await expect(operation).rejects.toBeInstanceOf(OperationTimeout);
    await expect(operation).rejects.toMatchObject({ outcome: 'unknown', method: operation.method, scope: 'operation' });
    await proxy.restore();
    expect((await client.queueDeclare({ queue, passive: true })).queue).toBe(queue);
  });

  it('not by what is no signal, or no time: UsageError', async () => {
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { signal: {} },
      { signal: null },
      { timeout: -1 },
      { timeout: Number.NaN },
      { timeout: '1' },
    ];
    for (const given of wrong) {
      await expect(start(Object.assign({}, given))).rejects.toBeInstanceOf(UsageError);
    }
  });

  it('not by a timeout that is not over', async () => {
    await start({ timeout: 20_000 });
  });
});

describe('what is given up', () => {
  it('rejects with an AbortError where the signal gives no reason, and a TimeoutError by AbortSignal.timeout', async () => {
    proxy.blackHole();
    const given = new AbortController();
    const aborted = expect(client.queuePurge({ queue, signal: given.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    given.abort();
    await aborted;
    const timed = client.queuePurge({ queue, signal: AbortSignal.timeout(20) });
    await expect(timed).rejects.toMatchObject({ name: 'TimeoutError' });
    await proxy.restore();
  });

  it('waiting for a channel is not sent, and reports that', async () => {
    proxy.blackHole('serverToClient');
    const names = Array.from({ length: 200 }, () => uniqueName('waiting'));
    const outcomes = await Promise.allSettled(
      names.map((name) => client.queueDeclare({ queue: name, autoDelete: true, timeout: 50 })),
    );
    const sent = outcomes.filter((each) => each.status === 'rejected' && each.reason.outcome === 'unknown').length;
    const waited = outcomes.filter((each) => each.status === 'rejected' && each.reason.outcome === 'not-sent').length;
    expect(sent).toBeGreaterThan(0);
    expect(waited).toBe(200 - sent);
    await proxy.restore();
    await client.queueDeclare({ queue, passive: true });
    // Each went on a channel of its own: RabbitMQ may still be at some of them, and no answer of another channel shows that.
    const made = async () => {
      const found = await Promise.allSettled(names.map((name) => direct.queueDeclare({ queue: name, passive: true })));
      return found.filter(({ status }) => status === 'fulfilled').length;
    };
    await waitFor(async () => (await made()) >= sent);
    expect(await made()).toBe(sent);
    await Promise.all(names.map((name) => direct.queueDelete({ queue: name })));
  });

  it('as a get leaves its message in the queue', async () => {
    await direct.basicPublish({ routingKey: queue, body: 'kept' });
    proxy.blackHole('serverToClient');
    await expect(client.basicGet({ queue, timeout: 30 })).rejects.toBeInstanceOf(OperationTimeout);
    await proxy.restore();
    // It goes back over the channel of its get, and the broker may serve the channel of the next one first.
    const message = await waitFor(() => client.basicGet({ queue }));
    expect([message.text(), message.redelivered]).toEqual(['kept', true]);
    message.ack();
  });

  it('as a consume leaves no consumer behind', async () => {
    proxy.blackHole('serverToClient');
    const consumer = client.basicConsume({ queue, timeout: 30 });
    await expect(consumer.ready).rejects.toBeInstanceOf(OperationTimeout);
    await proxy.restore();
    await client.queueDeclare({ queue, passive: true });
    await waitFor(async () => (await direct.queueDeclare({ queue, passive: true })).consumerCount === 0);
  });

  it('as a publish after one that is refused is not sent again', async () => {
    // Which of the two the broker refuses is not known, so that all wait until each was sent alone.
    const bad = [0, 1].map(() =>
      expect(client.basicPublish({ routingKey: queue, userId: 'nobody' })).rejects.toThrow('user_id'),
    );
    const given = new AbortController();
    const late = Array.from({ length: 100 }, (_, index) =>
      client.basicPublish({ routingKey: queue, body: `${index}`, signal: given.signal }),
    );
    const outcomes = Promise.allSettled(late);
    given.abort();
    await Promise.all(bad);
    expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
    await client.basicPublish({ routingKey: queue, body: 'after' });
    // The broker dropped them unseen with the channel.
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(1);
    expect(listenersOf(given.signal)).toBe(0);
  });

  it('as a cancel ends its consumer all the same, unless it was given up before', async () => {
    const done = Promise.allSettled([standing.cancel({ signal: AbortSignal.abort('before') })]);
    expect(await done).toEqual([{ status: 'rejected', reason: 'before' }]);
    await direct.basicPublish({ routingKey: queue, body: 'x' });
    const other = client.basicConsume({ queue });
    expect((await client.wait(other)).ack()).toBe(true);
    proxy.blackHole('serverToClient');
    await expect(client.basicCancel(other, { timeout: 20 })).rejects.toMatchObject({
      code: 'OPERATION_TIMEOUT',
      outcome: 'unknown',
      method: 'basic.cancel',
    });
    await proxy.restore();
    expect(await other.cancel()).toEqual({ consumerTag: other.consumerTag });
    expect((await other[Symbol.asyncIterator]().next()).done).toBe(true);
    await waitFor(async () => (await direct.queueDeclare({ queue, passive: true })).consumerCount === 0);
    expect(standing.isEnded).toBe(false);
  });

  it('as a close closes all the same, unless it was given up before', async () => {
    await expect(client.close({ signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect((await client.queueDeclare({ queue, passive: true })).queue).toBe(queue);
    proxy.blackHole('serverToClient');
    await expect(client.close({ timeout: 20 })).rejects.toMatchObject({
      code: 'OPERATION_TIMEOUT',
      outcome: 'unknown',
    });
    await expect(client.queueDeclare({ queue, passive: true })).rejects.toBeInstanceOf(UsageError);
    await proxy.restore();
    await client.close();
    expect(client.socket()).toBeUndefined();
  });

  it('as the wait for drained() goes on publishing', async () => {
    const small = new Client(proxy.urlFor(url), { recover: false, maxBufferedBytes: 1000 });
    await small.connect();
    proxy.blackHole('serverToClient');
    const publish = small.basicPublish({ routingKey: queue, body: 'x'.repeat(2000) });
    await expect(small.drained({ timeout: 20 })).rejects.toBeInstanceOf(OperationTimeout);
    const given = new AbortController();
    const drained = small.drained({ signal: given.signal });
    given.abort('enough');
    await expect(drained).rejects.toBe('enough');
    expect(listenersOf(given.signal)).toBe(0);
    expect(small.needsDrain).toBe(true);
    await proxy.restore();
    await publish;
    await small.drained({ timeout: 20_000 });
    await small.close();
  });

  it('connecting rejects with the reason, and one can connect afterwards', async () => {
    proxy.blackHole();
    const other = new Client(proxy.urlFor(url), { recover: false });
    const given = new AbortController();
    const rejected = expect(other.connect({ signal: given.signal })).rejects.toBe('enough');
    given.abort('enough');
    await rejected;
    await expect(other.connect({ timeout: 30 })).rejects.toBeInstanceOf(OperationTimeout);
    await proxy.restore();
    expect((await other.connect()).channelMax).toBeGreaterThan(0);
    await other.close();
  });
});

describe('many operations on one signal', () => {
  it('leave no listener behind and raise no warning', async () => {
    const warnings: unknown[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const { signal } = new AbortController();
    const own = await client.queueDeclare({ exclusive: true });
    for (let round = 0; round < 5; round++) {
      const operations = Array.from({ length: 200 }, (_, index) =>
        index % 2 === 0
          ? client.basicPublish({ routingKey: own.queue, signal })
          : client.queueDeclare({ queue: own.queue, passive: true, signal }),
      );
      expect(listenersOf(signal)).toBe(1);
      await Promise.all(operations);
      expect(listenersOf(signal)).toBe(0);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('are all given up by it, those of another are not', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const own = await client.queueDeclare({ exclusive: true });
    proxy.blackHole('serverToClient');
    const given = Array.from({ length: 300 }, () =>
      client.basicPublish({ routingKey: own.queue, body: 'x', signal: one.signal }),
    );
    const kept = Array.from({ length: 300 }, () =>
      client.basicPublish({ routingKey: own.queue, body: 'x', signal: other.signal }),
    );
    const outcomes = Promise.allSettled(given);
    one.abort('one');
    expect(await outcomes).toEqual(Array.from({ length: 300 }, () => ({ status: 'rejected', reason: 'one' })));
    await proxy.restore();
    await Promise.all(kept);
    // What was sent is not taken back.
    expect((await client.queueDeclare({ queue: own.queue, passive: true })).messageCount).toBe(600);
  });
});
