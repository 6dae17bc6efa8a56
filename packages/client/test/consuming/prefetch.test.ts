import { NotFound, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { refusal } from '../scripted-broker.ts';
import { consumesOf, scene } from './consumer-scene.ts';

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

  it('of a consumer that is refused meanwhile fails, and settles', async () => {
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

  it('of a consumer whose connection breaks fails, and settles', async () => {
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

  it('that is given up before its turn comes changes nothing', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', () => []);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', prefetchCount: 3 });
    await broker.pump();
    const changed = client.basicQos(consumer, { prefetchCount: 5, timeout: 10 });
    await broker.advance(10);
    await expect(changed).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', outcome: 'not-sent' });
    broker.sent();
    broker.say([1, { type: 'basic.consume-ok', consumerTag: 'c' }]);
    await broker.pump();
    expect([broker.sent(), consumer.prefetchCount]).toEqual([[], 3]);
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
