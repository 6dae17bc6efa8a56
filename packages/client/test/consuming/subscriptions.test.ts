import { LimitExceeded, NotFound, UsageError } from '@puka/errors';
import { int64 } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { refusal } from '../scripted-broker.ts';
import { consumesOf, reached, scene } from './consumer-scene.ts';

describe('a multi consumer', () => {
  it('without acks hands out what is on its way from the others when one queue is cancelled', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.cancel', () => []);
    const consumer = client.basicConsumeMulti({ queues: ['a', 'b'], noAck: true });
    await broker.pump();
    const [a = '', b = ''] = consumesOf(broker).map(({ tag }) => tag);
    broker.say([1, { type: 'basic.cancel', consumerTag: a, noWait: true }], broker.delivery(1, b, 1));
    await broker.pump();
    broker.say(broker.delivery(1, b, 2), [1, { type: 'basic.cancel-ok', consumerTag: b }]);
    await broker.pump();
    expect((await client.wait(consumer)).deliveryTag).toBe(1);
    expect((await client.wait(consumer)).deliveryTag).toBe(2);
    await expect(client.wait(consumer)).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'a' });
  });

  it('is refused whole', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', (channel, method) =>
      method.type === 'basic.consume' && method.queue === 'b'
        ? [refusal(channel, 404, "NOT_FOUND - no queue 'b' in vhost '/'")]
        : broker.usual(channel, method),
    );
    const consumer = client.basicConsumeMulti({ queues: ['a', 'b', 'c'] });
    await broker.pump();
    await expect(consumer.ready).rejects.toBeInstanceOf(NotFound);
    await expect(consumer.ready).rejects.toMatchObject({ method: 'basic.consume' });
    expect(consumer.isEnded).toBe(true);
  });

  it('takes no queue twice, none without a name, and not none at all', async () => {
    const { client } = await scene();
    for (const queues of [['a', 'a'], ['a', ''], []]) {
      await expect(client.basicConsumeMulti({ queues }).ready).rejects.toBeInstanceOf(UsageError);
    }
  });
});

describe('cancelling', () => {
  it('by a server and by the client at once settles, and reports the end once', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    const messages = consumer[Symbol.asyncIterator]();
    const next = messages.next();
    const cancelled = client.basicCancel(consumer);
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    expect(await cancelled).toEqual({ consumerTag: 'c' });
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('twice is the same promise, with a callback another of the same outcome', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    const cancelled = client.basicCancel(consumer);
    expect(consumer.cancel()).toBe(cancelled);
    const told: unknown[] = [];
    client.basicCancel(consumer, (error, result) => told.push(error, result));
    await broker.pump();
    client.basicCancel(consumer, (error, result) => told.push(error, result));
    await broker.pump();
    expect(told).toEqual([undefined, { consumerTag: 'c' }, undefined, { consumerTag: 'c' }]);
    expect(broker.sent().filter((name) => name.endsWith('cancel')).length).toBe(1);
  });

  it('of what is no consumer rejects', async () => {
    const { client } = await scene();
    await expect(client.basicCancel(Object('tag'))).rejects.toBeInstanceOf(UsageError);
  });

  it('puts what comes after the cancel back at once', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.cancel', () => []);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    void consumer.cancel();
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 2));
    await broker.pump();
    const back = broker.received.flatMap(({ method }) => (method.type === 'basic.nack' ? [method.deliveryTag] : []));
    expect(back).toEqual([1, 2]);
  });
});

describe('a cancel without acks', () => {
  it('hands out all that arrives before its answer, then ends', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.cancel', () => []);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
    await broker.pump();
    const cancelled = consumer.cancel();
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 3), [1, { type: 'basic.cancel-ok', consumerTag: 'c' }]);
    await broker.pump();
    await cancelled;
    const seen: string[] = [];
    for await (const message of consumer) seen.push(message.text());
    expect(seen).toEqual(['1', '2', '3']);
  });
});

describe('a stream', () => {
  /** As RabbitMQ writes it. */
  const at = (offset: number) => ({ 'x-stream-offset': int64(offset) });

  /** A consumer of what looks like a stream: its deliveries carry an offset. */
  async function streamScene() {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 's', consumerTag: 'c', prefetchCount: 3 });
    await broker.pump();
    for (const tag of [1, 2, 3]) broker.say(broker.delivery(1, 'c', tag, 'x', { headers: at(tag) }));
    await broker.pump();
    broker.sent();
    return { broker, client, consumer };
  }

  it('has what was not handed out dropped without a word, and its channel closed after the last ack', async () => {
    const { broker, client, consumer } = await streamScene();
    const message = await client.wait(consumer);
    const cancelled = consumer.cancel();
    await broker.pump();
    await cancelled;
    expect(broker.sent()).toEqual(['1 basic.cancel']);
    expect(message.ack()).toBe(true);
    await broker.pump();
    // RabbitMQ ends a channel whose deliveries stay unsettled for too long: nothing else may be on it then.
    expect(broker.sent()).toEqual(['1 basic.ack', '1 channel.close']);
    const declared = client.queueDeclare({ queue: 'x' });
    await broker.pump();
    expect(await declared).toMatchObject({ queue: 'x' });
  });

  it('has what comes after the cancel dropped as well', async () => {
    const { broker, consumer } = await streamScene();
    broker.answers.set('basic.cancel', () => []);
    const cancelled = consumer.cancel();
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 4, 'x', { headers: at(4) }), [1, { type: 'basic.cancel-ok', consumerTag: 'c' }]);
    await broker.pump();
    await cancelled;
    expect(broker.sent()).toEqual(['1 basic.cancel', '1 channel.close']);
  });

  it('knows no reject and no nack', async () => {
    const { broker, client, consumer } = await streamScene();
    const message = await client.wait(consumer);
    expect(() => message.reject()).toThrow(UsageError);
    expect(() => message.nack()).toThrow(/came from a stream/);
    expect(message.isSettled).toBe(false);
    expect(message.ack()).toBe(true);
    await broker.pump();
    expect(broker.sent()).toEqual(['1 basic.ack']);
  });

  it('has a message whose headers break a limit read like the others, but for these headers', async () => {
    const { broker, client } = await scene({ maxTableDepth: 2, recover: { minDelay: 100, maxDelay: 100 } });
    const consumer = client.basicConsume({ queue: 's', consumerTag: 'c', prefetchCount: 5 });
    await broker.pump();
    const deep = { deep: { er: { and: {} } } };
    for (const [index, headers] of [{ ...deep, ...at(7) }, at(8), { ...at(9), ...deep }].entries()) {
      broker.say(broker.delivery(1, 'c', index + 1, 'x', { headers }));
    }
    await broker.pump();
    const [first, second, third] = [
      await client.wait(consumer),
      await client.wait(consumer),
      await client.wait(consumer),
    ];
    expect(() => first.headers).toThrow(LimitExceeded);
    expect(() => first.reject()).toThrow(/came from a stream/);
    first.ack();
    second.ack();
    expect(() => third.headers).toThrow(LimitExceeded);
    expect(client.state).toBe('connected');
    broker.reset();
    await broker.pump();
    await broker.advance(100);
    expect(broker.last('basic.consume').method.arguments).toEqual({ 'x-stream-offset': 9 });
  });

  it.each([
    ['has no offset', {}],
    ['has the offset of the one before', at(5)],
    ['has an offset of another type', { 'x-stream-offset': 6 }],
  ])('is not taken for one any more when a delivery %s', async (_, headers) => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', prefetchCount: 5 });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1, 'x', { headers: at(5) }));
    await broker.pump();
    const message = await client.wait(consumer);
    expect(() => message.reject()).toThrow(UsageError);
    broker.say(broker.delivery(1, 'c', 2, 'x', { headers }), broker.delivery(1, 'c', 3, 'x', { headers: at(7) }));
    await broker.pump();
    broker.sent();
    expect(message.reject({ requeue: false })).toBe(true);
    const cancelled = consumer.cancel();
    await broker.pump();
    await cancelled;
    expect(broker.sent()).toEqual(['1 basic.reject', '1 basic.cancel', '1 basic.nack', '1 basic.nack']);
  });

  it('is not taken for one for a header alone: what is redelivered, or comes without a limit, can be rejected', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1, 'x', { headers: at(7) }));
    await broker.pump();
    expect((await client.wait(consumer)).reject()).toBe(true);
  });
});

describe('a consumer of several queues that loses its channel', () => {
  it('is interrupted once, and subscribes to each of them again', async () => {
    const { broker, client } = await scene({ recover: true });
    const consumer = client.basicConsumeMulti({ queues: ['a', 'b', 'c'] });
    await broker.pump();
    await consumer.ready;
    const interrupted: unknown[] = [];
    client.on('interrupted', (error, ofConsumer) => interrupted.push(error.code, ofConsumer));
    broker.say(refusal(1, 406, 'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out', 0, 0));
    await broker.pump();
    expect(interrupted).toEqual(['PRECONDITION_FAILED', consumer]);
    expect(consumesOf(broker).map(({ queue }) => queue)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('tries again while its queue is away, and emits `notRestored`', async () => {
    const { broker, client } = await scene({ heartbeat: 0, recover: { minDelay: 100, maxDelay: 1000 } });
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    const told: unknown[] = [];
    client.on('notRestored', (error, entity, isRetrying) => told.push(error.code, entity.kind, isRetrying));
    const away = "NOT_FOUND - home node 'rabbit@a' of durable queue 'q' in vhost '/' is down or inaccessible";
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 404, away)]);
    broker.say(refusal(1, 406, 'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out', 0, 0));
    for (let time = 0; time < 10; time++) await broker.advance(1000);
    expect(consumer.isEnded).toBe(false);
    expect(told).toEqual(['NOT_FOUND', 'consumer', true]);
    broker.answers.delete('basic.consume');
    await broker.advance(1000);
    await reached(broker, client, consumer);
  });

  it('ends with ConsumerCancelled where the broker refuses one for good', async () => {
    const { broker, client } = await scene({ recover: true });
    client.on('notRestored', () => {});
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 403, 'ACCESS_REFUSED - no right')]);
    broker.say(refusal(1, 406, 'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out', 0, 0));
    await broker.pump();
    const ended = client.wait(consumer);
    await expect(ended).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q' });
    await expect(ended).rejects.toMatchObject({ cause: { code: 'ACCESS_REFUSED' } });
  });
});
