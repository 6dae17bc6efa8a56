/** The everyday use of @cloudamqp/amqp-client on the embedded broker. Must not test what only Puka can do. */
import { AMQPClient } from '@cloudamqp/amqp-client';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';

let broker: EmbeddedBroker;
let client: AMQPClient;

beforeEach(async () => {
  broker = await startBroker();
  client = new AMQPClient(broker.url);
  await client.connect();
});

afterEach(async () => {
  await broker.stop();
});

it('publishes with a confirm and gets the message', async () => {
  const channel = await client.channel();
  await channel.confirmSelect();
  await channel.queueDeclare('jobs');
  expect(await channel.basicPublish('', 'jobs', 'sweep')).toBe(1);
  const got = await channel.basicGet('jobs', { noAck: false });
  expect(got?.bodyString()).toBe('sweep');
  await got?.ack();
  expect(await channel.basicGet('jobs')).toBeNull();
  await client.close();
});

it('consumes in order under a prefetch count', async () => {
  const channel = await client.channel();
  await channel.queueDeclare('jobs');
  await channel.basicQos(1);
  for (const body of ['1', '2']) await channel.basicPublish('', 'jobs', body);
  const heard: (string | null)[] = [];
  await new Promise<void>((resolve) => {
    void channel.basicConsume('jobs', { noAck: false }, async (message) => {
      heard.push(message.bodyString());
      await message.ack();
      if (heard.length === 2) resolve();
    });
  });
  expect(heard).toEqual(['1', '2']);
  await client.close();
});

it('is refused a queue that is not there, and keeps the connection', async () => {
  const channel = await client.channel();
  await expect(channel.queueDeclare('none', { passive: true })).rejects.toThrow('NOT_FOUND');
  const other = await client.channel();
  expect((await other.queueDeclare('jobs')).name).toBe('jobs');
  await client.close();
});
