/** The everyday use of amqplib on the embedded broker. Must not test what only Puka can do. */
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { afterEach, beforeEach, expect, it } from 'vitest';

let broker: EmbeddedBroker;
let connection: ChannelModel;

beforeEach(async () => {
  broker = await startBroker();
  connection = await connect(broker.url);
});

afterEach(async () => {
  await broker.stop();
});

it('publishes with a confirm and gets the message', async () => {
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('jobs');
  channel.sendToQueue('jobs', Buffer.from('sweep'), { correlationId: 'c' });
  await channel.waitForConfirms();
  const got = await channel.get('jobs');
  if (got === false) throw new Error('the queue is empty');
  expect([got.content.toString(), got.properties.correlationId]).toEqual(['sweep', 'c']);
  channel.ack(got);
  expect(await channel.get('jobs')).toBe(false);
  await connection.close();
});

it('holds a consumer to its prefetch count, and goes on after an ack', async () => {
  const channel = await connection.createChannel();
  await channel.assertQueue('jobs');
  await channel.prefetch(1);
  for (const body of ['1', '2']) channel.sendToQueue('jobs', Buffer.from(body));
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    void channel.consume('jobs', (message: ConsumeMessage | null) => {
      if (message === null) return;
      heard.push(`${message.content.toString()} ${broker.queue('jobs')?.unacked}`);
      channel.ack(message);
      if (heard.length === 2) resolve();
    });
  });
  expect(heard).toEqual(['1 1', '2 1']);
  await connection.close();
});

it('hears of a message that no queue takes', async () => {
  const channel = await connection.createChannel();
  const returned = new Promise<string>((resolve) => {
    channel.on('return', (message) => resolve(message.content.toString()));
  });
  channel.publish('', 'nowhere', Buffer.from('back'), { mandatory: true });
  expect(await returned).toBe('back');
  await connection.close();
});

it('loses the channel over a queue that is not there, and keeps the connection', async () => {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  await expect(channel.checkQueue('none')).rejects.toThrow("no queue 'none' in vhost '/'");
  const other = await connection.createChannel();
  expect(await other.assertQueue('jobs')).toEqual({ queue: 'jobs', messageCount: 0, consumerCount: 0 });
  await connection.close();
});

it('calls and is answered by direct reply-to', async () => {
  const channel = await connection.createChannel();
  await channel.assertQueue('rpc');
  await channel.consume(
    'rpc',
    (message) => {
      if (message !== null)
        channel.sendToQueue(String(message.properties.replyTo), Buffer.from(`${message.content.toString()}!`));
    },
    { noAck: true },
  );
  const answered = new Promise<string>((resolve) => {
    void channel.consume('amq.rabbitmq.reply-to', (message) => resolve(String(message?.content)), { noAck: true });
  });
  channel.sendToQueue('rpc', Buffer.from('hello'), { replyTo: 'amq.rabbitmq.reply-to' });
  expect(await answered).toBe('hello!');
  await connection.close();
});
