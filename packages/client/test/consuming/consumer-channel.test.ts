import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';

/** With channelMax 4 there is one channel for consumers: two share it. */
async function shared() {
  const broker = new ScriptedBroker();
  broker.tune.channelMax = 4;
  const client = await broker.connected();
  const consumers = ['a', 'b'].map((queue) => client.basicConsume({ queue, consumerTag: queue }));
  await broker.pump();
  const { channel } = broker.last('basic.consume');
  broker.sent();
  return { broker, client, consumers, channel };
}

describe('a channel with consumers', () => {
  it('passes each delivery to the consumer that its tag names', async () => {
    const { broker, client, consumers, channel } = await shared();
    broker.say(broker.delivery(channel, 'b', 1), broker.delivery(channel, 'a', 2), broker.delivery(channel, 'b', 3));
    await broker.pump();
    const [a, b] = consumers;
    if (a === undefined || b === undefined) throw new Error('no consumers');
    expect(await client.wait(b)).toMatchObject({ deliveryTag: 1, queue: 'b', consumerTag: 'b' });
    expect(await client.wait(a)).toMatchObject({ deliveryTag: 2, queue: 'a', consumerTag: 'a' });
    expect(await client.wait(b)).toMatchObject({ deliveryTag: 3 });
  });

  it('acks a run over both with one frame, and what is after a gap one by one', async () => {
    const { broker, client, consumers, channel } = await shared();
    const tags = ['a', 'b', 'a', 'b', 'a'];
    broker.say(...tags.map((tag, index) => broker.delivery(channel, tag, index + 1)));
    await broker.pump();
    const messages = [];
    for (const tag of tags) {
      const consumer = consumers.find(({ queue }) => queue === tag);
      if (consumer !== undefined) messages.push(await client.wait(consumer));
    }
    for (const index of [4, 1, 0]) messages[index]?.ack();
    await broker.pump();
    const acks = broker.received.flatMap(({ method }) => (method.type === 'basic.ack' ? [method] : []));
    expect(acks).toMatchObject([
      { deliveryTag: 2, multiple: true },
      { deliveryTag: 5, multiple: false },
    ]);
  });

  it('is returned when its last consumer has gone and its last message is settled, not before', async () => {
    const { broker, client, consumers, channel } = await shared();
    broker.say(broker.delivery(channel, 'a', 1));
    await broker.pump();
    const [a] = consumers;
    if (a === undefined) throw new Error('no consumer');
    const message = await client.wait(a);
    for (const consumer of consumers) void consumer.cancel();
    await broker.pump();
    const declare = () => client.queueDeclare({ queue: 'x' });
    const others = [declare(), declare()];
    await broker.pump();
    await Promise.all(others);
    const used = (): number[] =>
      broker.received.flatMap(({ channel: on, method }) => (method.type === 'queue.declare' ? [on] : []));
    expect(used()).not.toContain(channel);
    expect(message.ack()).toBe(true);
    const more = [declare(), declare(), declare()];
    await broker.pump();
    await Promise.all(more);
    expect(used()).toContain(channel);
  });

  it('passes over a delivery for a tag that it does not know', async () => {
    const { broker, client, consumers, channel } = await shared();
    broker.say(broker.delivery(channel, 'nobody', 1), broker.delivery(channel, 'a', 2));
    await broker.pump();
    const [a] = consumers;
    if (a === undefined) throw new Error('no consumer');
    expect((await client.wait(a)).deliveryTag).toBe(2);
  });
});

describe('messages of a lost channel', () => {
  it('that wait are dropped, those unacked are false, and the limit is free for what comes again', async () => {
    const broker = new ScriptedBroker();
    broker.tune.channelMax = 4;
    const client = await broker.connected();
    const multi = client.basicConsumeMulti({ queues: [{ queue: 'a', consumerTag: 'a' }], prefetchCount: 2 });
    client.basicConsume({ queue: 'b', consumerTag: 'b' });
    await broker.pump();
    const { channel } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, 'a', 1), broker.delivery(channel, 'a', 2), broker.delivery(channel, 'a', 3));
    await broker.pump();
    const held = [await client.wait(multi), await client.wait(multi)];
    broker.answers.set('basic.consume', (on, method) =>
      method.type === 'basic.consume' && method.queue === 'locked'
        ? [[on, { type: 'channel.close', replyCode: 403, replyText: 'ACCESS_REFUSED', classId: 60, methodId: 20 }]]
        : broker.usual(on, method),
    );
    const refused = client.basicConsume({ queue: 'locked' });
    await broker.pump();
    await expect(refused.ready).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
    for (const message of held) expect(message.ack()).toBe(false);
    const again = broker.last('basic.consume').channel;
    broker.say(broker.delivery(again, 'a', 1), broker.delivery(again, 'a', 2));
    await broker.pump();
    expect((await client.wait(multi)).ack()).toBe(true);
    expect((await client.wait(multi)).ack()).toBe(true);
    await broker.pump();
    expect(multi.isEnded).toBe(false);
  });
});
