import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { refusal, ScriptedBroker } from './scripted-broker.ts';

const queue = 'amq.rabbitmq.reply-to';

async function scene() {
  const broker = new ScriptedBroker();
  const client = await broker.connected();
  const request = (routingKey = 'rpc') => client.basicPublish({ routingKey, body: 'x', replyTo: queue });
  return { broker, client, request };
}

function channelsOf(broker: ScriptedBroker, type: string): number[] {
  return broker.received.flatMap(({ channel, method }) => (method.type === type ? [channel] : []));
}

describe('direct reply-to', () => {
  it('sends requests over the channel of the consumer, with confirms, and other publishes over their own', async () => {
    const { broker, client, request } = await scene();
    client.basicConsume({ queue, noAck: true });
    const first = request();
    await broker.pump();
    const [on] = channelsOf(broker, 'basic.consume');
    expect(first.state).toBe('fulfilled');
    expect(channelsOf(broker, 'basic.publish')).toEqual([on]);
    expect(channelsOf(broker, 'confirm.select')).toEqual([on]);
    const other = client.basicPublish({ routingKey: 'q', replyTo: 'amq.rabbitmq.reply-to.g1h2' });
    await broker.pump();
    expect(other.state).toBe('fulfilled');
    expect(channelsOf(broker, 'basic.publish').at(-1)).not.toBe(on);
  });

  it('hands replies to the consumer', async () => {
    const { broker, client, request } = await scene();
    const consumer = client.basicConsume({ queue, noAck: true });
    request();
    await broker.pump();
    const { channel, method } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, method.consumerTag, 1, 'reply'));
    await broker.pump();
    expect((await client.wait(consumer)).text()).toBe('reply');
    // RabbitMQ counts no delivery of a reply: all have the same tag.
    broker.say(broker.delivery(channel, method.consumerTag, 1, 'another'));
    await broker.pump();
    expect((await client.wait(consumer)).text()).toBe('another');
  });

  it('needs a consumer: a UsageError at the call, before and after', async () => {
    const { broker, client, request } = await scene();
    await expect(request()).rejects.toBeInstanceOf(UsageError);
    await expect(request()).rejects.toThrow("basicConsume({ queue: 'amq.rabbitmq.reply-to', noAck: true })");
    const consumer = client.basicConsume({ queue, noAck: true });
    const during = request();
    await broker.pump();
    const cancelled = consumer.cancel();
    await expect(request()).rejects.toBeInstanceOf(UsageError);
    await broker.pump();
    await cancelled;
    expect(during.state).toBe('fulfilled');
    await expect(request()).rejects.toBeInstanceOf(UsageError);
  });

  it('lets a channel with unconfirmed requests live until they have their outcome, then closes it', async () => {
    const { broker, client, request } = await scene();
    const consumer = client.basicConsume({ queue, noAck: true });
    broker.answers.set('basic.publish', () => []);
    const open = request();
    await broker.pump();
    const cancelled = consumer.cancel();
    await broker.pump();
    await cancelled;
    const [on = 0] = channelsOf(broker, 'basic.publish');
    expect(channelsOf(broker, 'channel.close')).toEqual([]);
    // Another consumer has a channel of its own, and requests that are not mixed up with the first one's.
    client.basicConsume({ queue, noAck: true });
    const next = request();
    await broker.pump();
    broker.say([on, { type: 'basic.ack', deliveryTag: 1, multiple: false }]);
    await broker.pump();
    expect(open.state).toBe('fulfilled');
    expect(channelsOf(broker, 'channel.close')).toEqual([on]);
    expect(channelsOf(broker, 'basic.publish').at(-1)).not.toBe(on);
    broker.say([
      channelsOf(broker, 'basic.publish').at(-1) ?? 0,
      { type: 'basic.ack', deliveryTag: 1, multiple: false },
    ]);
    await broker.pump();
    expect(next.state).toBe('fulfilled');
  });

  it('keeps the failure of a request to the request: the consumer is interrupted, and subscribes again', async () => {
    const { broker, client, request } = await scene();
    const order: string[] = [];
    client.on('interrupted', ({ code }, whose) => order.push(`${code} of ${whose.queue}`));
    const consumer = client.basicConsume({ queue, noAck: true });
    broker.answers.set('basic.publish', (channel, method) =>
      method.type === 'basic.publish' && method.routingKey === 'bad'
        ? [refusal(channel, 406, "PRECONDITION_FAILED - invalid expiration '5'", 60, 40)]
        : broker.usual(channel, method),
    );
    await broker.pump();
    const bad = client.basicPublish({ routingKey: 'bad', body: 'x', replyTo: queue, expiration: '5' });
    const good = request();
    await broker.pump();
    await expect(bad).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(good.state).toBe('fulfilled');
    expect(order).toEqual([`PRECONDITION_FAILED of ${queue}`]);
    expect(consumer.isEnded).toBe(false);
    expect(channelsOf(broker, 'basic.consume').length).toBe(2);
    const { channel, method } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, method.consumerTag, 1, 'reply'));
    await broker.pump();
    expect((await client.wait(consumer)).text()).toBe('reply');
  });

  it('fails what was not sent when the consumer is refused', async () => {
    const { broker, client, request } = await scene();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 406, 'PRECONDITION_FAILED - no')]);
    const consumer = client.basicConsume({ queue, noAck: true });
    const waiting = request();
    await broker.pump();
    await expect(consumer.ready).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(waiting).rejects.toBeInstanceOf(UsageError);
  });

  it('takes one consumer, without acks and without other queues', async () => {
    const { broker, client } = await scene();
    await expect(client.basicConsume({ queue }).ready).rejects.toThrow('noAck: true');
    await expect(client.basicConsumeMulti({ queues: [queue, 'q'], noAck: true }).ready).rejects.toThrow(
      'no other queue',
    );
    client.basicConsume({ queue, noAck: true });
    await expect(client.basicConsume({ queue, noAck: true }).ready).rejects.toThrow('there is one already');
    await broker.pump();
  });

  it('keeps its address when its limit is changed', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue, noAck: true });
    await broker.pump();
    const changed = client.basicQos(consumer, { prefetchCount: 5 });
    await broker.pump();
    await changed;
    expect(channelsOf(broker, 'basic.consume').length).toBe(1);
  });
});
