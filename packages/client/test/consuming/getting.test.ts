import { NotFound, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { refusal, ScriptedBroker } from '../scripted-broker.ts';

async function scene(channelMax = 2047) {
  const broker = new ScriptedBroker();
  broker.tune.channelMax = channelMax;
  const client = await broker.connected();
  return { broker, client };
}

/** The queue has so many messages: each get takes one. */
function filled(broker: ScriptedBroker): void {
  const tags = new Map<number, number>();
  broker.answers.set('channel.open', (channel, method) => {
    tags.delete(channel);
    return broker.usual(channel, method);
  });
  broker.answers.set('basic.get', (channel) => {
    const tag = (tags.get(channel) ?? 0) + 1;
    tags.set(channel, tag);
    broker.say(broker.gotten(channel, tag));
    return [];
  });
}

describe('gets', () => {
  it('of one queue share a channel, of two queues each has its own', async () => {
    const { broker, client } = await scene();
    filled(broker);
    const messages = [
      client.basicGet({ queue: 'a' }),
      client.basicGet({ queue: 'a' }),
      client.basicGet({ queue: 'b' }),
    ];
    await broker.pump();
    expect((await Promise.all(messages)).map((message) => message?.deliveryTag)).toEqual([1, 2, 1]);
    expect(broker.sent()).toEqual(['1 channel.open', '1 basic.get', '1 basic.get', '2 channel.open', '2 basic.get']);
  });

  it('of a missing queue all fail the same way, and a get of another queue does not', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.get', (channel, method) =>
      method.type === 'basic.get' && method.queue === 'nowhere'
        ? [refusal(channel, 404, "NOT_FOUND - no queue 'nowhere'", 60, 70)]
        : broker.usual(channel, method),
    );
    const gets = Array.from({ length: 5 }, () => client.basicGet({ queue: 'nowhere' }));
    const other = client.basicGet({ queue: 'there' });
    await broker.pump();
    for (const get of gets) await expect(get).rejects.toBeInstanceOf(NotFound);
    for (const get of gets) await expect(get).rejects.toMatchObject({ method: 'basic.get', replyCode: 404 });
    expect(await other).toBeNull();
  });

  it('given up before their answer put the message back', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.get', () => []);
    const abort = new AbortController();
    const get = client.basicGet({ queue: 'q', signal: abort.signal });
    const next = client.basicGet({ queue: 'q' });
    await broker.pump();
    abort.abort(new Error('enough'));
    await expect(get).rejects.toThrow('enough');
    broker.sent();
    broker.say(broker.gotten(1, 1), broker.gotten(1, 2));
    await broker.pump();
    expect(broker.sent()).toEqual(['1 basic.nack']);
    expect(broker.last('basic.nack').method).toMatchObject({ deliveryTag: 1, requeue: true });
    expect((await next)?.deliveryTag).toBe(2);
  });

  it('given up before they are sent are not sent', async () => {
    const { broker, client } = await scene(4);
    filled(broker);
    const kept = client.basicGet({ queue: 'a' });
    await broker.pump();
    expect((await kept)?.deliveryTag).toBe(1);
    const abort = new AbortController();
    // No channel is left for another queue: it asks whether it is there before it shares one.
    broker.answers.set('queue.declare', () => []);
    client.basicGet({ queue: 'b' }).catch(() => {});
    const late = client.basicGet({ queue: 'c', signal: abort.signal });
    await broker.pump();
    abort.abort(new Error('enough'));
    await expect(late).rejects.toThrow('enough');
    broker.sent();
    for (const { channel, method } of [...broker.received]) {
      if (method.type === 'queue.declare') broker.say(...broker.usual(channel, method));
    }
    await broker.pump();
    expect(broker.received.filter(({ method }) => method.type === 'basic.get' && method.queue === 'c')).toEqual([]);
  });

  it('of a queue without a name are refused at the call', async () => {
    const { broker, client } = await scene();
    await expect(client.basicGet({ queue: '' })).rejects.toBeInstanceOf(UsageError);
    await broker.pump();
    expect(broker.sent()).toEqual([]);
  });
});

describe('acks of what was got', () => {
  it('go out before what may close the channel', async () => {
    const { broker, client } = await scene();
    filled(broker);
    const get = client.basicGet({ queue: 'q' });
    await broker.pump();
    const message = await get;
    broker.sent();
    expect(message?.ack()).toBe(true);
    broker.answers.set('queue.declare', (channel) => [refusal(channel, 404, 'NOT_FOUND', 50, 10)]);
    const declare = client.queueDeclare({ queue: 'nowhere', passive: true });
    await broker.pump();
    await expect(declare).rejects.toBeInstanceOf(NotFound);
    const sent = broker.sent();
    expect(sent.indexOf('1 basic.ack')).toBeGreaterThanOrEqual(0);
    expect(sent.indexOf('1 basic.ack')).toBeLessThan(sent.indexOf('1 queue.declare'));
  });

  it('are false once the close is under way', async () => {
    const { broker, client } = await scene();
    filled(broker);
    const get = client.basicGet({ queue: 'q' });
    await broker.pump();
    const message = await get;
    broker.sent();
    const closed = client.close();
    expect(message?.ack()).toBe(false);
    await broker.pump();
    await closed;
    expect(() => message?.ack()).toThrow(UsageError);
    expect(broker.sent()).toEqual(['0 connection.close']);
  });
});

describe('with few channels', () => {
  it('unsettled gets of many queues share, and leave one to consumers', async () => {
    const { broker, client } = await scene(5);
    filled(broker);
    const gets = Array.from({ length: 20 }, (_, index) => client.basicGet({ queue: `q${index}` }));
    await broker.pump();
    const messages = await Promise.all(gets);
    const consumer = client.basicConsume({ queue: 'c' });
    await broker.pump();
    await consumer.ready;
    for (const message of messages) expect(message?.ack()).toBe(true);
    await broker.pump();
    expect(broker.received.filter(({ method }) => method.type === 'basic.ack').length).toBeGreaterThan(0);
  });

  it('consumers of many queues share, and leave one to gets', async () => {
    const { broker, client } = await scene(4);
    filled(broker);
    const consumers = Array.from({ length: 20 }, (_, index) => client.basicConsume({ queue: `q${index}` }));
    await broker.pump();
    for (const consumer of consumers) await consumer.ready;
    const get = client.basicGet({ queue: 'g' });
    await broker.pump();
    expect((await get)?.ack()).toBe(true);
  });
});
