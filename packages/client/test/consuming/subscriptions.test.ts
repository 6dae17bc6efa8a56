import { AccessRefused, NotFound, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import { refusal, type Said, ScriptedBroker } from '../scripted-broker.ts';

async function scene(options: Parameters<ScriptedBroker['connected']>[0] = {}, channelMax = 2047) {
  const broker = new ScriptedBroker();
  broker.tune.channelMax = channelMax;
  const client = await broker.connected(options);
  return { broker, client };
}

/** The methods of one name that came, with their channel. */
function consumesOf(broker: ScriptedBroker): { channel: number; queue: string; tag: string }[] {
  return broker.received.flatMap(({ channel, method }) =>
    method.type === 'basic.consume' ? [{ channel, queue: method.queue, tag: method.consumerTag }] : [],
  );
}

describe('subscribing', () => {
  it('says the limit ahead of the consume, on a channel of its own', async () => {
    const { broker, client } = await scene();
    client.basicConsume({ queue: 'a', prefetchCount: 3 });
    client.basicConsume({ queue: 'b' });
    await broker.pump();
    expect(broker.sent()).toEqual([
      '1 channel.open',
      '1 basic.qos',
      '1 basic.consume',
      '2 channel.open',
      '2 basic.qos',
      '2 basic.consume',
    ]);
    expect(
      broker.received.flatMap(({ method }) => (method.type === 'basic.qos' ? [method.prefetchCount] : [])),
    ).toEqual([3, 0]);
  });

  it('takes deliveries that come in one piece with consume-ok', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', () => []);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(
      [1, { type: 'basic.consume-ok', consumerTag: 'c' }],
      broker.delivery(1, 'c', 1),
      broker.delivery(1, 'c', 2),
    );
    await broker.pump();
    await consumer.ready;
    expect((await client.wait(consumer)).deliveryTag).toBe(1);
    expect((await client.wait(consumer)).deliveryTag).toBe(2);
  });

  it('that is cancelled before its consume-ok is refused', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', (channel, method) =>
      method.type === 'basic.consume'
        ? [[channel, { type: 'basic.cancel', consumerTag: method.consumerTag, noWait: true }]]
        : [],
    );
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    await expect(consumer.ready).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q' });
  });

  it('given up leaves no consumer behind, and what came for it goes back', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', () => []);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', timeout: 1000 });
    await broker.pump();
    await broker.advance(1000);
    await expect(consumer.ready).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', outcome: 'unknown' });
    broker.sent();
    broker.say([1, { type: 'basic.consume-ok', consumerTag: 'c' }], broker.delivery(1, 'c', 1));
    await broker.pump();
    expect(broker.sent().sort()).toEqual(['1 basic.cancel', '1 basic.nack']);
    await expect(client.wait(consumer)).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT' });
  });
});

describe('deliveries behind a refusal', () => {
  it('are passed over, before and after the number is used again, and hurt nobody', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', () => []);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    const ghost = broker.delivery(1, 'c', 1);
    broker.say(refusal(1, 404, "NOT_FOUND - no queue 'q'"), ghost, ghost.subarray(0, 40));
    await broker.pump();
    await expect(consumer.ready).rejects.toBeInstanceOf(NotFound);
    for (const type of ['channel.open', 'queue.declare'] as const) broker.answers.set(type, () => []);
    const declare = client.queueDeclare({ queue: 'x' });
    await broker.pump();
    expect(broker.last('channel.open').channel).toBe(1);
    broker.say(ghost.subarray(40), broker.delivery(1, 'c', 2));
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }], [1, { type: 'channel.open-ok' }]);
    broker.say(...broker.usual(1, broker.last('queue.declare').method));
    await broker.pump();
    expect(await declare).toMatchObject({ queue: 'x' });
  });
});

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

describe('basicQos', () => {
  it('subscribes anew before the old subscription goes', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 });
    await broker.pump();
    broker.sent();
    const changed = client.basicQos(consumer, { prefetchCount: 5 });
    await broker.pump();
    await changed;
    expect(broker.sent()).toEqual(['2 channel.open', '2 basic.qos', '2 basic.consume', '1 basic.cancel']);
    expect(consumer.prefetchCount).toBe(5);
  });

  it('of a consumer that is refused meanwhile fails, and does not hang', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 404, "NOT_FOUND - no queue 'q'")]);
    const consumer = client.basicConsume({ queue: 'q' });
    const changed = client.basicQos(consumer, { prefetchCount: 5 });
    const cancelled = client.basicCancel(consumer);
    await broker.pump();
    await expect(consumer.ready).rejects.toBeInstanceOf(NotFound);
    await expect(changed).rejects.toBeInstanceOf(UsageError);
    expect(await cancelled).toEqual({ consumerTag: consumer.consumerTag });
  });

  it('of a consumer whose line breaks fails, and does not hang', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    broker.answers.set('basic.consume', () => []);
    const first = client.basicQos(consumer, { prefetchCount: 5 });
    const second = client.basicQos(consumer, { prefetchCount: 6 });
    const cancelled = client.basicCancel(consumer);
    await broker.pump();
    broker.reset();
    await broker.pump();
    await expect(first).rejects.toMatchObject({ code: 'CONNECTION_BROKEN' });
    await expect(second).rejects.toBeInstanceOf(Error);
    expect(await cancelled).toEqual({ consumerTag: consumer.consumerTag });
  });

  it('finds a way where the only channel for consumers is its own', async () => {
    const { broker, client } = await scene({}, 4);
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 });
    await broker.pump();
    const changed = client.basicQos(consumer, { prefetchCount: 5 });
    await broker.pump();
    await changed;
    expect(consumesOf(broker).length).toBe(2);
    const last = broker.last('basic.consume');
    broker.say(broker.delivery(last.channel, last.method.consumerTag, 1));
    await broker.pump();
    expect((await client.wait(consumer)).deliveryTag).toBe(1);
  });

  it('refuses what is no limit, and what is no consumer', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    await expect(client.basicQos(consumer, { prefetchCount: 65_536 })).rejects.toBeInstanceOf(UsageError);
    await expect(client.basicQos(Object(client), { prefetchCount: 1 })).rejects.toBeInstanceOf(UsageError);
  });
});

describe('cancelling', () => {
  it('by a server and by the client at once settles, and tells the end once', async () => {
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

  it('puts what comes behind the cancel back at once', async () => {
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

describe('resubscribe', () => {
  it('subscribes again after a pause when the broker cancels, and the consumer goes on', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', resubscribe: true });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), [1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    await broker.advance(299);
    expect(consumesOf(broker).length).toBe(1);
    await broker.advance(1);
    expect(consumesOf(broker).length).toBe(2);
    const { channel } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, 'c', channel === 1 ? 2 : 1, 'again'));
    await broker.pump();
    expect((await client.wait(consumer)).text()).toBe('1');
    expect((await client.wait(consumer)).text()).toBe('again');
  });

  it('finds a queue that is made again by somebody else a second later', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', resubscribe: true });
    await broker.pump();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 404, "NOT_FOUND - no queue 'q'")]);
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    for (let time = 0; time < 1000; time += 100) await broker.advance(100);
    broker.answers.delete('basic.consume');
    for (let time = 0; time < 2000; time += 100) await broker.advance(100);
    expect(consumer.isEnded).toBe(false);
    await reached(broker, client, consumer);
  });

  it('of a queue that stays away ends the consumer after five minutes, the refusal as its cause', async () => {
    const { broker, client } = await scene({ heartbeat: 0 });
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', resubscribe: true });
    await broker.pump();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 404, "NOT_FOUND - no queue 'q'")]);
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    for (let time = 0; time < 299; time++) await broker.advance(1000);
    expect(consumer.isEnded).toBe(false);
    for (let time = 0; time < 2; time++) await broker.advance(1000);
    const ended = client.wait(consumer);
    await expect(ended).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q' });
    await expect(ended).rejects.toMatchObject({ cause: { code: 'NOT_FOUND' } });
    expect(consumesOf(broker).length).toBeLessThan(25);
  });

  it('that is refused for good ends the consumer with ConsumerCancelled, the refusal as its cause', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', resubscribe: true });
    await broker.pump();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 403, 'ACCESS_REFUSED - no right')]);
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    await broker.advance(300);
    const ended = client.wait(consumer);
    await expect(ended).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q' });
    await expect(ended).rejects.toMatchObject({ cause: { code: 'ACCESS_REFUSED' } });
  });

  it('takes a consume-ok that comes behind the cancel', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', resubscribe: true });
    await broker.pump();
    let isFirst = true;
    broker.answers.set('basic.consume', (channel, method) => {
      const usual = broker.usual(channel, method);
      if (!isFirst) return usual;
      isFirst = false;
      return [[channel, { type: 'basic.cancel', consumerTag: 'c', noWait: true }], ...usual];
    });
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    await broker.advance(300);
    await broker.advance(600);
    expect(consumesOf(broker).length).toBe(3);
    await reached(broker, client, consumer);
  });

  it('subscribes few times where each subscription is cancelled at once', async () => {
    const { broker, client } = await scene({ heartbeat: 0 });
    broker.answers.set('basic.consume', (channel, method) => [
      ...broker.usual(channel, method),
      [channel, { type: 'basic.cancel', consumerTag: 'c', noWait: true }],
    ]);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', resubscribe: true });
    await broker.pump();
    for (let time = 0; time < 120; time++) await broker.advance(1000);
    expect(consumesOf(broker).length).toBeGreaterThan(6);
    expect(consumesOf(broker).length).toBeLessThan(15);
    expect(consumer.isEnded).toBe(false);
    const cancelled = consumer.cancel();
    await broker.pump();
    expect(await cancelled).toEqual({ consumerTag: 'c' });
  });

  it('ends with the client during the pause', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', resubscribe: true });
    await broker.pump();
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    broker.reset();
    await broker.pump();
    await expect(client.wait(consumer)).rejects.toMatchObject({ code: 'CONNECTION_BROKEN' });
  });

  it('takes the limit of a basicQos in the pause', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', prefetchCount: 1, resubscribe: true });
    await broker.pump();
    broker.say([1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    const changed = client.basicQos(consumer, { prefetchCount: 7 });
    await broker.pump();
    await changed;
    await broker.advance(300);
    expect(broker.last('basic.qos').method.prefetchCount).toBe(7);
    expect(consumesOf(broker).length).toBe(2);
  });
});

describe('on a shared channel', () => {
  /** With channelMax 4 there is one for consumers: all share it. */
  async function shared() {
    const { broker, client } = await scene({}, 4);
    const first = client.basicConsume({ queue: 'first', consumerTag: 'first' });
    await broker.pump();
    return { broker, client, first };
  }

  it('a refusal is that of the consume the broker names, though another has no answer yet', async () => {
    const { broker, client, first } = await shared();
    const late: Said[] = [];
    broker.answers.set('basic.consume', (channel, method) => {
      if (method.type !== 'basic.consume') return [];
      if (method.queue === 'bad')
        return [refusal(channel, 403, "ACCESS_REFUSED - queue 'bad' in vhost '/' in exclusive use")];
      if (late.length > 0) return broker.usual(channel, method);
      late.push(...broker.usual(channel, method));
      return [];
    });
    const slow = client.basicConsume({ queue: 'slow', consumerTag: 'slow' });
    const slower = client.basicConsume({ queue: 'slower', consumerTag: 'slower' });
    const bad = client.basicConsume({ queue: 'bad', consumerTag: 'bad' });
    await broker.pump();
    await expect(bad.ready).rejects.toBeInstanceOf(AccessRefused);
    await slow.ready;
    await slower.ready;
    for (const consumer of [first, slow, slower]) await reached(broker, client, consumer);
  });

  it('a multi consumer that lost it by another’s fault stands once, not twice', async () => {
    const { broker, client } = await shared();
    broker.answers.set('basic.consume', (channel, method) => {
      if (method.type !== 'basic.consume') return [];
      // The second queue of the first attempt has no answer when the channel goes.
      if (method.queue === 'b' && consumesOf(broker).filter(({ queue }) => queue === 'b').length === 1) return [];
      if (method.queue === 'bad') return [refusal(channel, 403, "ACCESS_REFUSED - queue 'bad' in exclusive use")];
      return broker.usual(channel, method);
    });
    const multi = client.basicConsumeMulti({ queues: ['a', 'b'] });
    await broker.pump();
    const bad = client.basicConsume({ queue: 'bad' });
    await broker.pump();
    await expect(bad.ready).rejects.toBeInstanceOf(AccessRefused);
    await multi.ready;
    expect(consumesOf(broker).filter(({ queue }) => queue === 'a').length).toBe(2);
    expect(consumesOf(broker).filter(({ queue }) => queue === 'b').length).toBe(2);
  });
});

/** A message for a consumer reaches it. */
async function reached(broker: ScriptedBroker, client: Client, consumer: ReturnType<Client['basicConsume']>) {
  const { consumerTag } = consumer;
  const last = consumesOf(broker).findLast(({ tag }) => tag === consumerTag);
  if (last === undefined) throw new Error(`${consumerTag} was never subscribed`);
  const tags = deliveriesOf.get(broker) ?? new Map<number, number>();
  deliveriesOf.set(broker, tags);
  const tag = (tags.get(last.channel) ?? 0) + 1;
  tags.set(last.channel, tag);
  broker.say(broker.delivery(last.channel, consumerTag, tag, consumerTag));
  await broker.pump();
  expect((await client.wait(consumer)).text()).toBe(consumerTag);
}

/** The delivery tags that each channel has had. */
const deliveriesOf = new WeakMap<ScriptedBroker, Map<number, number>>();

describe('a cancel without acks', () => {
  it('hands out all that arrives ahead of its answer, then ends', async () => {
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
  /** A consumer of what looks like a stream: its deliveries carry an offset. */
  async function streamScene() {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 's', consumerTag: 'c', prefetchCount: 3 });
    await broker.pump();
    for (const tag of [1, 2, 3]) broker.say(broker.delivery(1, 'c', tag, 'x', { headers: { 'x-stream-offset': tag } }));
    await broker.pump();
    broker.sent();
    return { broker, client, consumer };
  }

  it('has what was not handed out let go without a word, and its channel closed behind the last ack', async () => {
    const { broker, client, consumer } = await streamScene();
    const message = await client.wait(consumer);
    const cancelled = consumer.cancel();
    await broker.pump();
    await cancelled;
    expect(broker.sent()).toEqual(['1 basic.cancel']);
    expect(message.ack()).toBe(true);
    await broker.pump();
    // RabbitMQ ends a channel whose deliveries stay unsettled for too long: nobody else must be on it then.
    expect(broker.sent()).toEqual(['1 basic.ack', '1 channel.close']);
    const declared = client.queueDeclare({ queue: 'x' });
    await broker.pump();
    expect(await declared).toMatchObject({ queue: 'x' });
  });

  it('has what comes behind the cancel let go as well', async () => {
    const { broker, consumer } = await streamScene();
    broker.answers.set('basic.cancel', () => []);
    const cancelled = consumer.cancel();
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 4, 'x', { headers: { 'x-stream-offset': 4 } }), [
      1,
      { type: 'basic.cancel-ok', consumerTag: 'c' },
    ]);
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

  it('is not taken for one for a header alone: what is redelivered, or comes without a limit, can be rejected', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1, 'x', { headers: { 'x-stream-offset': 7 } }));
    await broker.pump();
    expect((await client.wait(consumer)).reject()).toBe(true);
  });
});
