/** The everyday use of amqplib: one on RabbitMQ and on the embedded broker. Must not test what only Puka can do. */
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { type Channel, type ChannelModel, type ConsumeMessage, connect, type GetMessage, type Message } from 'amqplib';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Collected } from './collected.ts';

let connection: ChannelModel;
let channel: Channel;
let queue: string;

beforeEach(async () => {
  connection = await connect(inject('amqpUrl'));
  channel = await connection.createChannel();
  queue = uniqueName('amqplib');
});

afterEach(async () => {
  await connection.close();
});

/** Gets a message that is there. */
async function get(from: string): Promise<GetMessage> {
  const message = await channel.get(from);
  if (message === false) throw new Error(`${from} is empty`);
  return message;
}

/** Consumes; what a consumer gets when it is cancelled is no message. */
async function consume(from: string, noAck = false): Promise<Collected<ConsumeMessage>> {
  const collected = new Collected<ConsumeMessage>();
  await channel.consume(from, (message) => message !== null && collected.add(message), { noAck });
  return collected;
}

const textOf = ({ content }: Message): string => content.toString();

/** The code a channel ends with, after something has been refused. */
async function refusal(ask: (channel: Channel) => Promise<unknown>): Promise<unknown> {
  const refused = await connection.createChannel();
  const error = new Promise((resolve) => refused.once('error', resolve));
  await expect(ask(refused)).rejects.toThrow();
  return error;
}

describe('amqplib', () => {
  it('declares, binds, unbinds and deletes', async () => {
    const exchange = uniqueName('amqplib');
    await channel.assertExchange(exchange, 'topic', { autoDelete: true });
    expect(await channel.assertQueue(queue, { exclusive: true })).toEqual({ queue, messageCount: 0, consumerCount: 0 });
    await channel.bindQueue(queue, exchange, 'news.#');
    channel.publish(exchange, 'news.uk', Buffer.from('bound'));
    await waitFor(async () => (await channel.checkQueue(queue)).messageCount === 1);
    await channel.unbindQueue(queue, exchange, 'news.#');
    expect(await channel.purgeQueue(queue)).toEqual({ messageCount: 1 });
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
  });

  it('publishes with confirms and gets the messages, with all their properties', async () => {
    const confirming = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { exclusive: true });
    const headers = { text: 'a', number: 1, list: [true, null], table: { x: 'y' } };
    const options = { headers, correlationId: 'c', contentType: 'text/plain', priority: 3, persistent: true };
    for (let index = 0; index < 100; index++) confirming.sendToQueue(queue, Buffer.from(`${index}`), options);
    await confirming.waitForConfirms();
    const first = await get(queue);
    expect([textOf(first), first.fields.messageCount, first.fields.redelivered]).toEqual(['0', 99, false]);
    expect(first.properties).toMatchObject({ headers, correlationId: 'c', priority: 3, deliveryMode: 2 });
    channel.ack(first);
    expect((await channel.checkQueue(queue)).messageCount).toBe(99);
    await channel.purgeQueue(queue);
    expect(await channel.get(queue)).toBe(false);
  });

  it('sends and gets a body of many frames', async () => {
    await channel.assertQueue(queue, { exclusive: true });
    const body = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, index) => index % 251));
    const consumed = await consume(queue, true);
    channel.sendToQueue(queue, body);
    const [message] = await consumed.first(1);
    expect(message?.content.equals(body)).toBe(true);
  });

  it('hears of a mandatory message that no queue takes, before its confirm', async () => {
    const confirming = await connection.createConfirmChannel();
    const heard = new Collected<string>();
    confirming.on('return', (message: Message) => heard.add(`returned ${textOf(message)}`));
    confirming.publish('', uniqueName('none'), Buffer.from('back'), { mandatory: true }, () => heard.add('confirmed'));
    expect(await heard.first(2)).toEqual(['returned back', 'confirmed']);
  });

  it('is nacked by a queue that is full', async () => {
    const confirming = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { exclusive: true, maxLength: 1, arguments: { 'x-overflow': 'reject-publish' } });
    const outcomes = new Collected<string>();
    const tell = (error: Error | null): void => outcomes.add(error === null ? 'ack' : 'nack');
    confirming.sendToQueue(queue, Buffer.from('1'), {}, tell);
    await outcomes.first(1);
    confirming.sendToQueue(queue, Buffer.from('2'), {}, tell);
    expect(await outcomes.first(2)).toEqual(['ack', 'nack']);
  });

  it('acks, requeues and discards: the discarded are dead letters', async () => {
    const dead = uniqueName('dead');
    await channel.assertQueue(dead, { exclusive: true });
    await channel.assertQueue(queue, { exclusive: true, deadLetterExchange: '', deadLetterRoutingKey: dead });
    const consumed = await consume(queue);
    const died = await consume(dead, true);
    channel.sendToQueue(queue, Buffer.from('a'));
    const [first] = await consumed.first(1);
    if (first !== undefined) channel.nack(first);
    const [, again] = await consumed.first(2);
    expect([again?.fields.redelivered, again && textOf(again)]).toEqual([true, 'a']);
    if (again !== undefined) channel.reject(again, false);
    const [letter] = await died.first(1);
    expect(letter?.properties.headers?.['x-death']).toMatchObject([{ queue, reason: 'rejected', count: 1 }]);
    channel.sendToQueue(queue, Buffer.from('b'));
    const last = (await consumed.first(3))[2];
    if (last !== undefined) channel.ack(last);
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
  });

  it('is held to its prefetch count, and goes on after an ack of many', async () => {
    await channel.assertQueue(queue, { exclusive: true });
    await channel.prefetch(2);
    for (const body of ['1', '2', '3']) channel.sendToQueue(queue, Buffer.from(body));
    const consumed = await consume(queue);
    const [, second] = await consumed.first(2);
    await waitFor(async () => (await channel.checkQueue(queue)).messageCount === 1);
    if (second !== undefined) channel.ack(second, true);
    expect((await consumed.first(3)).map(textOf)).toEqual(['1', '2', '3']);
  });

  it('calls and is answered by direct reply-to', async () => {
    const replyTo = 'amq.rabbitmq.reply-to';
    await channel.assertQueue(queue, { exclusive: true });
    await channel.consume(
      queue,
      (call) => {
        if (call === null) return;
        const { replyTo, correlationId } = call.properties;
        channel.sendToQueue(String(replyTo), Buffer.from(`${textOf(call)}!`), { correlationId: String(correlationId) });
      },
      { noAck: true },
    );
    const answers = await consume(replyTo, true);
    channel.sendToQueue(queue, Buffer.from('hello'), { replyTo, correlationId: '7' });
    const [answer] = await answers.first(1);
    expect([answer && textOf(answer), answer?.properties.correlationId]).toEqual(['hello!', '7']);
  });

  it('loses a channel over what is refused, with its code, and keeps the connection', async () => {
    await channel.assertQueue(queue, { exclusive: true });
    const other = await connect(inject('amqpUrl'));
    const foreign = await other.createChannel();
    const locked = new Promise((resolve) => foreign.once('error', resolve));
    await expect(foreign.checkQueue(queue)).rejects.toThrow('RESOURCE_LOCKED');
    expect(await locked).toMatchObject({ code: 405 });
    await other.close();
    const unlike = { exclusive: true, autoDelete: true };
    expect(await refusal((refused) => refused.checkQueue(uniqueName('none')))).toMatchObject({ code: 404 });
    expect(await refusal((refused) => refused.assertQueue(queue, unlike))).toMatchObject({ code: 406 });
    await channel.consume(queue, () => {}, { exclusive: true });
    expect(await refusal((refused) => refused.consume(queue, () => {}))).toMatchObject({ code: 403 });
    expect((await channel.checkQueue(queue)).consumerCount).toBe(1);
  });

  it('is told that its consumer is cancelled when the queue is deleted', async () => {
    await channel.assertQueue(queue, { exclusive: true });
    const heard = new Collected<ConsumeMessage | null>();
    await channel.consume(queue, heard.add);
    const deleting = await connection.createChannel();
    await deleting.deleteQueue(queue);
    expect(await heard.first(1)).toEqual([null]);
  });

  it('is refused a password that is wrong, and a vhost that is not there', async () => {
    const url = new URL(inject('amqpUrl'));
    url.password = 'wrong';
    await expect(connect(url.href)).rejects.toThrow('ACCESS-REFUSED');
    url.password = new URL(inject('amqpUrl')).password;
    url.pathname = '/nowhere';
    await expect(connect(url.href)).rejects.toThrow('Expected ConnectionOpenOk');
  });

  it('hears that its connection broke, and gets what it had not acked on the next one', async () => {
    const { hostname: host, port } = new URL(inject('amqpUrl'));
    await using proxy = await faultProxy({ target: { host, port: Number(port) } });
    const broken = await connect(proxy.urlFor(inject('amqpUrl')));
    broken.on('error', () => {});
    const closed = new Promise((resolve) => broken.once('close', resolve));
    const lost = await broken.createChannel();
    await channel.assertQueue(queue, { autoDelete: false });
    channel.sendToQueue(queue, Buffer.from('twice'));
    const got = new Collected<ConsumeMessage | null>();
    await lost.consume(queue, got.add);
    await got.first(1);
    proxy.reset();
    await closed;
    const [again] = await (await consume(queue)).first(1);
    expect(again?.fields.redelivered).toBe(true);
    await channel.deleteQueue(queue);
  });
});
