import { UsageError } from '@puka/errors';
import { describe, expect, it, vi } from 'vitest';
import type { Consumer } from '../../src/consuming/consumer.ts';
import { LazyMap } from '../../src/runtime/lazy-collections.ts';
import { refusal, ScriptedBroker } from '../scripted-broker.ts';

describe('starting a consumer', () => {
  it('sends the limit before each consume', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const consumer = client.basicConsumeMulti({ queues: ['a', { queue: 'b', exclusive: true }], prefetchCount: 5 });
    await broker.pump();
    await consumer.ready;
    expect(broker.last('basic.qos').method.prefetchCount).toBe(5);
    const consumes = broker.received.flatMap(({ method }) => (method.type === 'basic.consume' ? [method] : []));
    expect(consumes.map(({ queue, exclusive }) => [queue, exclusive])).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });

  it('consumes with the arguments as they were at the call', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const table = { 'x-priority': 1 };
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 5, arguments: table });
    table['x-priority'] = 2;
    await broker.pump();
    await consumer.ready;
    expect(broker.last('basic.consume').method.arguments).toEqual({ 'x-priority': 1 });
    expect(consumer.sources[0].arguments).toEqual({ 'x-priority': 1 });
  });

  it.each([
    ['no queue', { queues: [] }],
    ['a queue twice', { queues: ['a', 'a'] }],
    ['a limit out of its range', { queues: ['a'], prefetchCount: 65_536 }],
    ['an empty name', { queues: [''] }],
    ['a tag that is no text', { queues: [{ queue: 'a', consumerTag: null as unknown as string }] }],
    ['bodies of no known kind', { queues: ['a'], bodies: 'borrowed' as 'lent' }],
  ])('with %s is refused at the call, and leaves no tag behind', async (_, options) => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const consumer = client.basicConsumeMulti(options);
    await expect(consumer.ready).rejects.toMatchObject({ code: 'USAGE_ERROR' });
    expect(consumer.isEnded).toBe(true);
    await broker.pump();
    expect(broker.sent()).toEqual([]);
  });
});

describe('arguments that fit no frame of this broker', () => {
  const tooLarge = { text: 'x'.repeat(10_000) };

  it('end the consumer alone, and its channel serves the next', async () => {
    const broker = new ScriptedBroker();
    broker.tune = { ...broker.tune, frameMax: 8192 };
    const client = await broker.connected();
    const consumer = client.basicConsume({ queue: 'q', arguments: tooLarge });
    await expect(consumer.ready).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', outcome: 'not-sent' });
    const next = client.basicConsume({ queue: 'q' });
    await broker.pump();
    await next.ready;
    expect(broker.sent().filter((method) => method.endsWith('channel.open'))).toEqual(['1 channel.open']);
  });

  it('end a consumer over several queues, and what stood of it is cancelled', async () => {
    const broker = new ScriptedBroker();
    broker.tune = { ...broker.tune, frameMax: 8192 };
    const client = await broker.connected();
    const queues = ['a', { queue: 'b', arguments: tooLarge }, 'c'];
    const consumer = client.basicConsumeMulti({ queues });
    await expect(consumer.ready).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const next = client.basicConsume({ queue: 'q' });
    await broker.pump();
    await next.ready;
    const methods = broker.sent().map((method) => method.slice(2));
    expect(methods.filter((method) => method === 'basic.consume').length).toBe(2);
    expect(methods).toContain('basic.cancel');
    expect(consumer.isEnded).toBe(true);
  });

  it('leave the operation alone whose end has freed the channel', async () => {
    const broker = new ScriptedBroker();
    broker.tune = { ...broker.tune, channelMax: 4, frameMax: 8192 };
    const client = await broker.connected();
    const declares = Array.from({ length: 8 }, (_, index) => client.queueDeclare({ queue: `${index}` }));
    const consumer = client.basicConsume({ queue: 'q', arguments: tooLarge });
    const last = client.queueDeclare({ queue: 'last' });
    await broker.pump();
    await expect(consumer.ready).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await Promise.all([...declares, last]);
    expect(client.state).toBe('connected');
  });
});

describe('the signal of a consumer', () => {
  it('cancels it at any time of its life, and it ends with the reason', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const abort = new AbortController();
    const reason = new Error('enough');
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', signal: abort.signal });
    await broker.pump();
    await consumer.ready;
    const seen: string[] = [];
    const loop = (async () => {
      for await (const message of consumer) seen.push(message.text());
    })();
    const { channel } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, 'c', 1));
    await broker.pump();
    abort.abort(reason);
    await broker.pump();
    await expect(loop).rejects.toBe(reason);
    expect(seen).toEqual(['1']);
    expect(broker.last('basic.cancel').method.consumerTag).toBe('c');
  });

  it('is passed to a callback once, and a signal aborted later affects no other code', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const abort = new AbortController();
    const errors: unknown[] = [];
    const consumer = client.basicConsume({ queue: 'q', signal: abort.signal }, (error) => errors.push(error));
    await broker.pump();
    const cancelled = consumer.cancel();
    await broker.pump();
    await cancelled;
    abort.abort(new Error('late'));
    await broker.pump();
    expect(errors).toEqual([]);
    expect(consumer.isEnded).toBe(true);
  });
});

describe('a refused consume', () => {
  async function refused(use: (consumer: Consumer) => unknown): Promise<unknown[]> {
    const broker = new ScriptedBroker();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 404, "NOT_FOUND - no queue 'q'")]);
    const client = await broker.connected();
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push(error));
    use(client.basicConsume({ queue: 'q' }));
    for (let turn = 0; turn < 3; turn++) await broker.pump();
    return unobserved;
  }

  it('that no code observes goes to unobserved', async () => {
    expect(await refused(() => {})).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it('that is refused at the call and that no code observes does too', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push(error));
    const misuses = [{ queue: 'q', prefetch: 5 }, { queue: '' }, { queue: 'q', prefetchCount: -1 }, 'q'];
    for (const misuse of misuses) Reflect.apply(client.basicConsume, client, [misuse]);
    const read = Reflect.apply(client.basicConsume, client, [{ queue: 'q', prefetch: 5 }]);
    await expect(read.ready).rejects.toMatchObject({ code: 'USAGE_ERROR' });
    for (let turn = 0; turn < 3; turn++) await broker.pump();
    expect(unobserved.map((error) => error instanceof UsageError)).toEqual(misuses.map(() => true));
  });

  it('is held up to the limit while there is no connection, without a look at the others', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { maxHeldOperations: 2 } });
    client.basicConsume({ queue: 'subscribed' });
    await broker.pump();
    broker.reset();
    await broker.pump();
    const looks = vi.spyOn(LazyMap.prototype, 'keys');
    const held = client.basicConsume({ queue: 'held' });
    const over = [1, 2, 3].map((index) => client.basicConsume({ queue: `q${index}` }));
    expect(over.map(({ ready }) => ready.state)).toEqual(['pending', 'rejected', 'rejected']);
    expect(looks).not.toHaveBeenCalled();
    looks.mockRestore();
    // A call that is given up frees its place.
    const cancelled = held.cancel();
    const last = client.basicConsume({ queue: 'last' });
    expect(last.ready.state).toBe('pending');
    await broker.advance(1000);
    await cancelled;
    expect(last.ready.state).toBe('fulfilled');
  });

  it('that has timed out, or is over a limit of the client, goes there too', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { maxHeldOperations: 0 } });
    broker.answers.set('basic.consume', () => []);
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push(error));
    client.basicConsume({ queue: 'q', timeout: 50 });
    await broker.pump();
    await broker.advance(50);
    for (let turn = 0; turn < 3; turn++) await broker.pump();
    expect(unobserved).toMatchObject([{ code: 'OPERATION_TIMEOUT' }]);
    broker.reset();
    await broker.pump();
    client.basicConsume({ queue: 'q' });
    for (let turn = 0; turn < 3; turn++) await broker.pump();
    expect(unobserved).toMatchObject([{ code: 'OPERATION_TIMEOUT' }, { code: 'LIMIT_EXCEEDED' }]);
    await client.close();
  });

  it('that a caller observes does not', async () => {
    expect(await refused((consumer) => consumer.ready.catch(() => {}))).toEqual([]);
    expect(
      await refused((consumer) =>
        consumer[Symbol.asyncIterator]()
          .next()
          .catch(() => {}),
      ),
    ).toEqual([]);
  });
});
