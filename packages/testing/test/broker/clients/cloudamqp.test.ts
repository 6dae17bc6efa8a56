/** The everyday use of @cloudamqp/amqp-client: one on RabbitMQ and on the embedded broker. Must not test what only Puka can do. */
import { type AMQPChannel, AMQPClient, type AMQPMessage, AMQPSession } from '@cloudamqp/amqp-client';
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Collected } from './collected.ts';

let client: AMQPClient;
let channel: AMQPChannel;
let queue: string;

beforeEach(async () => {
  client = new AMQPClient(inject('amqpUrl'));
  await client.connect();
  channel = await client.channel();
  queue = uniqueName('cloudamqp');
});

afterEach(async () => {
  await client.close();
});

const exclusive = { durable: false, exclusive: true };

describe('@cloudamqp/amqp-client', () => {
  it('declares, binds, unbinds and deletes', async () => {
    const exchange = uniqueName('cloudamqp');
    await channel.exchangeDeclare(exchange, 'headers', { durable: false, autoDelete: true });
    expect(await channel.queueDeclare(queue, exclusive)).toEqual({ name: queue, messageCount: 0, consumerCount: 0 });
    await channel.queueBind(queue, exchange, '', { 'x-match': 'all', kind: 'pdf' });
    await channel.confirmSelect();
    await channel.basicPublish(exchange, '', 'no', { headers: { kind: 'png' } });
    await channel.basicPublish(exchange, '', 'yes', { headers: { kind: 'pdf' } });
    expect((await channel.basicGet(queue))?.bodyString()).toBe('yes');
    await channel.queueUnbind(queue, exchange, '', { 'x-match': 'all', kind: 'pdf' });
    expect(await channel.queueDelete(queue)).toMatchObject({ messageCount: 0 });
  });

  it('publishes with confirms and gets the messages, with their properties', async () => {
    await channel.confirmSelect();
    await channel.queueDeclare(queue, exclusive);
    const properties = { correlationId: 'c', headers: { n: 1, deep: { list: ['a', 2] } }, priority: 2 };
    expect(await channel.basicPublish('', queue, 'sweep', properties)).toBe(1);
    expect(await channel.basicPublish('', queue, 'wash')).toBe(2);
    const got = await channel.basicGet(queue, { noAck: false });
    expect([got?.bodyString(), got?.messageCount, got?.properties]).toMatchObject(['sweep', 1, properties]);
    await got?.ack();
    expect(await channel.queuePurge(queue)).toMatchObject({ messageCount: 1 });
    expect(await channel.basicGet(queue)).toBeNull();
  });

  it('hears of a mandatory message that no queue takes', async () => {
    const returned = new Collected<AMQPMessage>();
    channel.onReturn = returned.add;
    await channel.confirmSelect();
    await channel.basicPublish('', uniqueName('none'), 'back', {}, true);
    const [message] = await returned.first(1);
    expect([message?.bodyString(), message?.replyCode, message?.replyText]).toEqual(['back', 312, 'NO_ROUTE']);
  });

  it('consumes in order under a prefetch count, acks, and gets again what it requeues', async () => {
    await channel.queueDeclare(queue, exclusive);
    await channel.basicQos(1);
    const publishing = await client.channel();
    for (const body of ['1', '2', '3']) await publishing.basicPublish('', queue, body);
    const heard = new Collected<string>();
    await channel.basicConsume(queue, { noAck: false }, async (message) => {
      heard.add(`${message.bodyString()}${message.redelivered ? ' again' : ''}`);
      if (message.bodyString() === '2' && !message.redelivered) await message.nack(true);
      else await message.ack();
    });
    expect(await heard.first(4)).toEqual(['1', '2', '2 again', '3']);
    await waitFor(async () => (await channel.queueDeclare(queue, { passive: true })).messageCount === 0);
  });

  it('calls and is answered by direct reply-to', async () => {
    await channel.queueDeclare(queue, exclusive);
    await channel.basicConsume(queue, { noAck: true }, async ({ body, properties }) => {
      const { replyTo = '', correlationId = '' } = properties;
      await channel.basicPublish('', replyTo, body, { correlationId });
    });
    const answers = new Collected<AMQPMessage>();
    const asking = await client.channel();
    await asking.basicConsume('amq.rabbitmq.reply-to', { noAck: true }, answers.add);
    await asking.basicPublish('', queue, 'hello', { replyTo: 'amq.rabbitmq.reply-to', correlationId: '7' });
    const [answer] = await answers.first(1);
    expect([answer?.bodyString(), answer?.properties.correlationId]).toEqual(['hello', '7']);
  });

  it('is refused with the words of what is wrong, and keeps the connection', async () => {
    await channel.queueDeclare(queue, exclusive);
    const refusal = async (ask: (channel: AMQPChannel) => Promise<unknown>): Promise<void> => {
      await ask(await client.channel());
    };
    await expect(refusal((refused) => refused.queueDeclare('none', { passive: true }))).rejects.toThrow('NOT_FOUND');
    const unlike = { ...exclusive, autoDelete: true };
    await expect(refusal((refused) => refused.queueDeclare(queue, unlike))).rejects.toThrow('PRECONDITION_FAILED');
    await expect(refusal((refused) => refused.basicConsume('none', {}, () => {}))).rejects.toThrow('NOT_FOUND');
    expect(await channel.queueDeclare(queue, { passive: true })).toMatchObject({ name: queue });
  });

  it('commits and rolls back', async () => {
    await channel.queueDeclare(queue, exclusive);
    const writing = await client.channel();
    await writing.txSelect();
    await writing.basicPublish('', queue, 'dropped');
    await writing.txRollback();
    await writing.basicPublish('', queue, 'kept');
    await writing.txCommit();
    expect((await channel.basicGet(queue))?.bodyString()).toBe('kept');
    expect(await channel.basicGet(queue)).toBeNull();
  });

  it('connects again by itself: the subscription of a session goes on', async () => {
    const { hostname: host, port } = new URL(inject('amqpUrl'));
    await using proxy = await faultProxy({ target: { host, port: Number(port) } });
    const url = proxy.urlFor(inject('amqpUrl'));
    const session = await AMQPSession.connect(url, { reconnectInterval: 10, logger: null });
    const jobs = await session.queue(queue, { durable: true });
    const heard = new Collected<string>();
    await jobs.subscribe((message) => {
      const body = message.bodyString() ?? '';
      // Where its ack went down with the connection, the first comes again.
      if (!heard.items.includes(body)) heard.add(body);
    });
    await channel.basicPublish('', queue, '1');
    await heard.first(1);
    proxy.reset();
    await channel.basicPublish('', queue, '2');
    expect(await heard.first(2)).toEqual(['1', '2']);
    await jobs.delete();
    await session.stop();
  });
});
