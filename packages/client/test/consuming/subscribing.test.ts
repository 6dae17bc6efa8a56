import { AccessRefused, NotFound } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import type { ConsumeOptions } from '../../src/consuming/options.ts';
import { refusal, type Said, type ScriptedBroker } from '../scripted-broker.ts';
import { consumesOf, reached, scene } from './consumer-scene.ts';

describe('subscribing', () => {
  it('sends the limit before the consume, on a channel of its own', async () => {
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

describe('deliveries after a refusal', () => {
  it('are passed over, before and after the number is used again, and affect no other code', async () => {
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

describe('the channels of many consumers', () => {
  /** Starts consumers, one after the other. @returns the channel of each consume. */
  async function consume(
    broker: ScriptedBroker,
    client: Client,
    options: readonly ConsumeOptions[],
  ): Promise<number[]> {
    broker.received.length = 0;
    for (const each of options) {
      client.basicConsume(each, () => {});
      await broker.pump();
    }
    return broker.received.flatMap(({ channel, method }) => (method.type === 'basic.consume' ? [channel] : []));
  }

  const queues = (count: number, prefix = 'q'): ConsumeOptions[] =>
    Array.from({ length: count }, (_, index) => ({ queue: `${prefix}${index}` }));

  it('are eight: further consumers share them evenly, once it is known that their queue is there', async () => {
    const { broker, client } = await scene();
    const channels = await consume(broker, client, queues(24));
    expect(new Set(channels).size).toBe(8);
    for (const channel of new Set(channels)) expect(channels.filter((each) => each === channel).length).toBe(3);
    const declares = broker.received.flatMap(({ method }) => (method.type === 'queue.declare' ? [method] : []));
    expect(declares.map(({ queue }) => queue)).toEqual(
      queues(24)
        .slice(8)
        .map(({ queue }) => queue),
    );
    expect(declares.every(({ passive }) => passive)).toBe(true);
  });

  it('are more where a consumer is exclusive: it may be refused', async () => {
    const { broker, client } = await scene();
    const before = new Set(await consume(broker, client, queues(10)));
    const channels = await consume(broker, client, [{ queue: 'mine', exclusive: true }, { queue: 'shared' }]);
    expect(before.has(channels[0] ?? 0)).toBe(false);
    expect(before.has(channels[1] ?? 0)).toBe(true);
  });

  it('are more where a consumer of that queue was refused before', async () => {
    const { broker, client } = await scene();
    await consume(broker, client, queues(8));
    let refusals = 1;
    broker.answers.set('basic.consume', (channel, method) => {
      if (method.type !== 'basic.consume') return [];
      if (method.queue === 'locked' && refusals-- > 0) return [refusal(channel, 403, 'ACCESS_REFUSED - in use')];
      return broker.usual(channel, method);
    });
    const [first] = await consume(broker, client, [{ queue: 'locked' }]);
    const [again] = await consume(broker, client, [{ queue: 'locked' }]);
    const others = await consume(broker, client, queues(16, 'other'));
    expect(first).toBeLessThanOrEqual(8);
    expect(others).not.toContain(again);
  });
});
