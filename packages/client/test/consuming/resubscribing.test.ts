import { describe, expect, it } from 'vitest';
import { refusal, type Said } from '../scripted-broker.ts';
import { consumesOf, reached, scene } from './consumer-scene.ts';

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

  it('finds a queue that is made again by another client a second later', async () => {
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

  it('takes a consume-ok that comes after the cancel', async () => {
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

describe('a consume in the replay that ends without a refusal', () => {
  /** A consumer whose connection is lost, and whose next consume is answered otherwise, once. */
  async function lost(options: { resubscribe?: boolean }, answer: (channel: number) => readonly Said[]) {
    const { broker, client } = await scene({ recover: { minDelay: 100, maxDelay: 100 } });
    client.on('notRestored', () => {});
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', prefetchCount: 1, ...options });
    await broker.pump();
    // With two requests open, what closes the channel is for the first of them.
    broker.answers.set('basic.qos', () => []);
    broker.answers.set('basic.consume', (channel) => {
      broker.answers.clear();
      return answer(channel);
    });
    broker.reset();
    await broker.pump();
    await broker.advance(100);
    expect(client.state).toBe('connected');
    return { broker, client, consumer };
  }

  const cancel = (channel: number): readonly Said[] => [
    [channel, { type: 'basic.qos-ok' }],
    [channel, { type: 'basic.cancel', consumerTag: 'c', noWait: true }],
  ];
  const close = (channel: number): readonly Said[] => [
    refusal(channel, 406, 'PRECONDITION_FAILED - unknown delivery tag 7', 60, 80),
  ];

  it.each([
    ['cancels the consumer before its answer', cancel],
    ['closes the channel for another reason', close],
  ])('is tried again where the broker %s', async (_, answer) => {
    const { broker, client, consumer } = await lost({}, answer);
    const changed = client.basicQos(consumer, { prefetchCount: 7 });
    await broker.advance(100);
    await changed;
    expect(broker.last('basic.qos').method.prefetchCount).toBe(7);
    await reached(broker, client, consumer);
  });

  it('ends a consumer that is not to be subscribed again, with the reason', async () => {
    const { broker, client, consumer } = await lost({ resubscribe: false }, cancel);
    await broker.pump();
    const ended = client.wait(consumer);
    await expect(ended).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q' });
    await expect(ended).rejects.toMatchObject({ cause: { code: 'CONSUMER_CANCELLED' } });
  });
});
