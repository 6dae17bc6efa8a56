/** The time that RabbitMQ allows a consumer to acknowledge is over: its consumer gets the error, and its messages are void. */
import { Client, ConsumerCancelled, PreconditionFailed } from '@puka/client';
import { type Broker, isAtLeast, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { privateNode, shortConsumerTimeout } from './private-node.ts';

const node = privateNode(shortConsumerTimeout);
let broker: Broker;

beforeAll(async () => {
  broker = await node.take();
});

afterAll(() => node.giveBack());

it('ends the consumer alone, makes nothing of a late ack, and delivers the message to the next', async () => {
  const client = new Client(broker.url, { recover: false });
  await client.connect();
  const queue = uniqueName('slow');
  await client.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const other = await client.queueDeclare({ exclusive: true });
  const quick = client.basicConsume({ queue: other.queue })[Symbol.asyncIterator]();
  const slow = client.basicConsume({ queue, prefetchCount: 1 })[Symbol.asyncIterator]();
  await client.basicPublish({ routingKey: queue, body: 'work' });
  const held = (await slow.next()).value;
  // RabbitMQ: 4.3 cancels the consumer, of quorum queues only; before, the channel was closed with 406.
  const isCancelled = isAtLeast(broker.version, '4.3');
  await expect(slow.next()).rejects.toBeInstanceOf(isCancelled ? ConsumerCancelled : PreconditionFailed);
  // Its channel is gone, or the server passes over an ack of what it has taken back.
  expect(held?.ack()).toBe(isCancelled);
  await client.basicPublish({ routingKey: other.queue, body: 'still here' });
  const still = (await quick.next()).value;
  expect(still?.text()).toBe('still here');
  expect(still?.ack()).toBe(true);
  for await (const again of client.basicConsume({ queue })) {
    expect([again.text(), again.redelivered]).toEqual(['work', true]);
    expect(again.ack()).toBe(true);
    break;
  }
  await client.close();
});

it('subscribes again with recover on: the consumer goes on, a late ack is none, and the message comes again', async () => {
  const client = new Client(broker.url);
  await client.connect();
  const queue = uniqueName('slow');
  await client.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const consumer = client.basicConsume({ queue, prefetchCount: 1 });
  const interrupted = new Promise<unknown>((resolve) => client.once('interrupted', resolve));
  await client.basicPublish({ routingKey: queue, body: 'work' });
  const held = await client.wait(consumer);
  expect(await interrupted).toMatchObject({
    code: isAtLeast(broker.version, '4.3') ? 'CONSUMER_CANCELLED' : 'PRECONDITION_FAILED',
  });
  const again = await client.wait(consumer);
  expect([again.text(), again.redelivered, again.ack()]).toEqual(['work', true, true]);
  if (!isAtLeast(broker.version, '4.3')) expect(held.ack()).toBe(false);
  expect(await client.queueDelete({ queue })).toEqual({ messageCount: 0 });
  await client.close();
});
