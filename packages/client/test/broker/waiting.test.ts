import { Client, NotFound, OperationTimeout, UsageError } from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, fill } = scene();

/** A client that receives nothing while the proxy holds what the broker sends. */
async function slow() {
  const target = { host: new URL(inject('amqpUrl')).hostname, port: Number(new URL(inject('amqpUrl')).port) };
  const proxy = await faultProxy({ target });
  const own = new Client(`amqp://${proxy.host}:${proxy.port}`, { recover: false });
  await own.connect();
  return {
    own,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy.restore();
      await own.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe('wait with a time-out', () => {
  it('returns undefined on each kind of promise, and what it waited for goes on', async () => {
    await using scene = await slow();
    const { own, proxy } = scene;
    const queue = await freshQueue(1);
    await own.basicPublish({ routingKey: queue, body: 'channel of publishing' });
    const other = await freshQueue();
    // Of its own: the broker serves channels side by side, and one of the consumers could be before the get.
    const single = await freshQueue(1);
    const [consumer, ending] = [own.basicConsume({ queue: other }), own.basicConsume({ queue: other })];
    await own.waitForAll([consumer.ready, ending.ready]);
    proxy.blackHole('serverToClient');
    const kinds = [
      own.queueDeclare({ exclusive: true }),
      own.queueDeclare({ queue, passive: true }),
      own.basicPublish({ routingKey: queue, body: 'x' }),
      own.basicGet({ queue: single }),
      own.basicConsume({ queue }).ready,
      own.basicQos(consumer, { prefetchCount: 3 }),
      own.exchangeDeclare({ exchange: 'amq.topic', passive: true }),
      own.exchangeDelete({ exchange: uniqueName('nothing') }),
      own.exchangeBind({ destination: 'amq.fanout', source: 'amq.topic', routingKey: queue }),
      own.exchangeUnbind({ destination: 'amq.fanout', source: 'amq.topic', routingKey: uniqueName('x') }),
      own.queueBind({ queue, exchange: 'amq.direct' }),
      own.queueUnbind({ queue, exchange: 'amq.direct', routingKey: uniqueName('x') }),
      own.queuePurge({ queue: other }),
      own.queueDelete({ queue: uniqueName('nothing') }),
      own.basicConsumeMulti({ queues: [queue, other] }).ready,
      own.basicCancel(ending),
    ];
    for (const kind of kinds) expect(await own.wait<typeof kind>(kind, { timeout: 0 })).toBeUndefined();
    expect(await own.wait<(typeof kinds)[number]>(kinds, { timeout: 0 })).toBeUndefined();
    for (const kind of kinds) expect(kind.state).toBe('pending');
    await proxy.restore();
    const results = await own.waitForAll(kinds);
    expect(results[0]).toMatchObject({ messageCount: 0 });
    expect(results[3]).toMatchObject({ queue: single });
    for (const kind of kinds) expect(kind.state).toBe('fulfilled');
    await own.exchangeUnbind({ destination: 'amq.fanout', source: 'amq.topic', routingKey: queue });
  });

  it('on drained, a shutdown and a consumer returns undefined, and they go on', async () => {
    await using scene = await slow();
    const { proxy } = scene;
    const own = new Client(`amqp://${proxy.host}:${proxy.port}`, { recover: false, maxBufferedBytes: 100 });
    await own.connect();
    const queue = await freshQueue();
    proxy.blackHole('serverToClient');
    const publish = own.basicPublish({ routingKey: queue, body: 'x'.repeat(200) });
    const drained = own.drained();
    expect(await own.wait(drained, { timeout: 1 })).toBeUndefined();
    await proxy.restore();
    await own.wait(drained);
    expect(publish.state).toBe('fulfilled');
    proxy.blackHole('serverToClient');
    const consumer = own.basicConsume({ queue, noAck: true });
    expect(await own.wait([consumer, consumer], { timeout: 1 })).toBeUndefined();
    await proxy.restore();
    expect((await own.wait([consumer, consumer])).bodySize).toBe(200);
    proxy.blackHole('serverToClient');
    const ended = own.shutdown();
    expect(await own.wait(ended, { timeout: 1 })).toBeUndefined();
    await proxy.restore();
    await own.wait(ended);
    expect(own.socket()).toBeUndefined();
  });

  it('works twice on the same promise, and once more for its result', async () => {
    await using scene = await slow();
    const { own, proxy } = scene;
    proxy.blackHole('serverToClient');
    const declare = own.queueDeclare({ exclusive: true });
    const [first, second] = await Promise.all([own.wait(declare, { timeout: 1 }), own.wait(declare, { timeout: 2 })]);
    expect([first, second]).toEqual([undefined, undefined]);
    await proxy.restore();
    const declared = await own.wait(declare);
    expect(declared.queue).toMatch(/^amq\.gen-/);
    expect(await own.wait(declare, { timeout: 1 })).toBe(declared);
    expect(await own.wait(declare)).toBe(declared);
  });

  it('on a connect and a close returns undefined, and they go on', async () => {
    await using scene = await slow();
    const { proxy } = scene;
    proxy.blackHole('serverToClient');
    const own = new Client(`amqp://${proxy.host}:${proxy.port}`, { recover: false });
    const connecting = own.connect();
    expect(await own.wait(connecting, { timeout: 1 })).toBeUndefined();
    await proxy.restore();
    expect((await own.wait(connecting)).channelMax).toBeGreaterThan(0);
    proxy.blackHole('serverToClient');
    const closing = own.close();
    expect(await own.wait(closing, { timeout: 1 })).toBeUndefined();
    expect(closing.state).toBe('pending');
    await proxy.restore();
    expect(await own.wait(closing, { raiseErrors: false })).toBeUndefined();
    expect(closing.state).toBe('fulfilled');
  });
});

describe('wait on a consumer', () => {
  it('delivers its next message each time', async () => {
    const queue = await freshQueue(10);
    const consumer = client.basicConsume({ queue, prefetchCount: 1 });
    for (const text of numbers(10)) {
      const message = await client.wait(consumer);
      expect(message.text()).toBe(text);
      message.ack();
    }
    expect(await client.wait(consumer, { timeout: 1 })).toBeUndefined();
    await fill(queue, 1);
    expect((await client.wait(consumer)).text()).toBe('0');
    await consumer.cancel();
  });

  it('and on another returns a message of either', async () => {
    const [a, b] = await Promise.all([freshQueue(), freshQueue()]);
    const consumers = [client.basicConsume({ queue: a, noAck: true }), client.basicConsume({ queue: b, noAck: true })];
    for (const queue of [b, a, a, b]) {
      await fill(queue, 1);
      expect((await client.wait(consumers)).queue).toBe(queue);
    }
    await Promise.all(consumers.map((consumer) => consumer.cancel()));
  });

  it('and on a promise loses no message', async () => {
    const queue = await freshQueue();
    const consumer = client.basicConsume({ queue, noAck: true });
    await consumer.ready;
    const seen: string[] = [];
    const publishing = fill(queue, 200);
    while (seen.length < 200) {
      const declare = client.queueDeclare({ queue, passive: true });
      const first = await client.wait([declare, consumer]);
      if ('text' in first) seen.push(first.text());
      await declare;
    }
    await publishing;
    expect(seen).toEqual(numbers(200));
    await consumer.cancel();
  });

  it('that has ended is a usage error, a second time; the first reports the end', async () => {
    const queue = await freshQueue();
    const consumer = client.basicConsume({ queue });
    await consumer.ready;
    await client.queueDelete({ queue });
    await expect(client.wait(consumer)).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED' });
    await expect(client.wait(consumer)).rejects.toBeInstanceOf(UsageError);
    expect(await client.wait(consumer, { raiseErrors: false, timeout: 1 })).toBeInstanceOf(UsageError);
    const cancelled = client.basicConsume({ queue: await freshQueue() });
    await cancelled.cancel();
    await expect(client.wait(cancelled)).rejects.toBeInstanceOf(UsageError);
  });
});

describe('failures', () => {
  it('reject, or are the value with raiseErrors: false', async () => {
    const failing = () => client.queueDeclare({ queue: uniqueName('nowhere'), passive: true });
    await expect(client.wait(failing())).rejects.toBeInstanceOf(NotFound);
    const error = await client.wait(failing(), { raiseErrors: false });
    expect(error).toBeInstanceOf(NotFound);
    const declare = client.queueDeclare({ exclusive: true });
    expect(await client.wait(declare, { raiseErrors: false })).toMatchObject({ messageCount: 0 });
    const both = [failing(), failing()];
    await expect(client.wait(both)).rejects.toBeInstanceOf(NotFound);
    await expect(client.waitForAll(both)).rejects.toBeInstanceOf(NotFound);
  });
});

describe('a signal and a timeout of an operation', () => {
  it('give each kind up: before, during, and not after', async () => {
    await using scene = await slow();
    const { own, proxy } = scene;
    const queue = await freshQueue(1);
    const reason = new Error('enough');
    const make = (signal: AbortSignal) => [
      own.queueDeclare({ exclusive: true, signal }),
      own.basicGet({ queue, signal }),
      own.basicPublish({ routingKey: queue, body: 'x', signal }),
      own.basicConsume({ queue: queue, signal }).ready,
      own.queueBind({ queue, exchange: 'amq.direct', signal }),
    ];
    for (const given of make(AbortSignal.abort(reason))) await expect(given).rejects.toBe(reason);
    proxy.blackHole('serverToClient');
    const abort = new AbortController();
    const during = make(abort.signal);
    expect(await own.wait<(typeof during)[number]>(during, { timeout: 1 })).toBeUndefined();
    abort.abort(reason);
    for (const given of during) await expect(given).rejects.toBe(reason);
    await proxy.restore();
    const late = new AbortController();
    const after = make(late.signal);
    await Promise.all(after);
    late.abort(reason);
    for (const given of after) expect(given.state).toBe('fulfilled');
    expect((await own.queueDeclare({ exclusive: true })).messageCount).toBe(0);
  });

  it('tell by the outcome what is known of a late one', async () => {
    await using scene = await slow();
    const { own, proxy } = scene;
    proxy.blackHole('serverToClient');
    const late = own.queueDeclare({ exclusive: true, timeout: 20 });
    await expect(late).rejects.toBeInstanceOf(OperationTimeout);
    await expect(late).rejects.toMatchObject({ outcome: 'unknown', method: 'queue.declare' });
    await proxy.restore();
    const inTime = own.queueDeclare({ exclusive: true, timeout: 60_000 });
    expect((await inTime).messageCount).toBe(0);
  });

  it('leave no trace of many operations on one signal', async () => {
    const { signal } = new AbortController();
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    const queue = await freshQueue();
    await Promise.all(
      Array.from({ length: 500 }, () => client.queueDeclare({ queue, passive: true, signal, timeout: 30_000 })),
    );
    process.off('warning', listen);
    expect(warnings).toEqual([]);
    expect(client.nextDeadline() - performance.now()).toBeGreaterThan(0);
  });
});

describe('waitForAll and waitForAny', () => {
  it('return all results in order, messages among them, and the first', async () => {
    const queue = await freshQueue(2);
    const consumer = client.basicConsume({ queue, noAck: true });
    const declare = client.queueDeclare({ exclusive: true });
    const deleted = client.queueDelete({ queue: uniqueName('nothing') });
    const [first, declared, gone, second] = await client.waitForAll([consumer, declare, deleted, consumer]);
    expect(first.text()).toBe('0');
    expect(declared.messageCount).toBe(0);
    expect(gone).toEqual({ messageCount: 0 });
    expect(second.text()).toBe('1');
    expect(await client.waitForAny([declare, deleted])).toBe(declared);
    await consumer.cancel();
  });

  it('reject with the first failure', async () => {
    const good = client.queueDeclare({ exclusive: true });
    const bad = client.queueDeclare({ queue: uniqueName('nowhere'), passive: true });
    await expect(client.waitForAll([good, bad])).rejects.toBeInstanceOf(NotFound);
    expect(await client.waitForAny([good, bad])).toBe(await good);
    await expect(client.waitForAny([bad, good])).rejects.toBeInstanceOf(NotFound);
  });
});
