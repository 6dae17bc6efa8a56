/** The everyday use of rabbitmq-client on the embedded broker. Must not test what only Puka can do. */
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { Connection } from 'rabbitmq-client';
import { afterEach, beforeEach, expect, it } from 'vitest';

let broker: EmbeddedBroker;
let connection: Connection;

beforeEach(async () => {
  broker = await startBroker();
  connection = new Connection(broker.url);
  connection.on('error', () => {});
});

afterEach(async () => {
  await connection.close();
  await broker.stop();
});

it('publishes with a confirm and gets the message', async () => {
  await connection.queueDeclare({ queue: 'jobs' });
  const publisher = connection.createPublisher({ confirm: true });
  await publisher.send('jobs', 'sweep');
  const got = await connection.basicGet({ queue: 'jobs', noAck: true });
  expect(got?.body).toBe('sweep');
  expect(await connection.basicGet('jobs')).toBeUndefined();
  await publisher.close();
});

it('consumes and acks', async () => {
  const publisher = connection.createPublisher({ confirm: true });
  await connection.queueDeclare({ queue: 'jobs' });
  for (const body of ['1', '2']) await publisher.send('jobs', body);
  const heard: unknown[] = [];
  const { promise, resolve } = withResolve();
  const consumer = connection.createConsumer({ queue: 'jobs', qos: { prefetchCount: 1 } }, (message) => {
    heard.push(message.body);
    if (heard.length === 2) resolve();
  });
  await promise;
  await consumer.close();
  expect(heard).toEqual(['1', '2']);
  expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
  await publisher.close();
});

it('calls and is answered', async () => {
  await connection.queueDeclare({ queue: 'rpc' });
  const server = connection.createConsumer({ queue: 'rpc' }, async (message, reply) => {
    await reply(`${String(message.body)}!`);
  });
  const client = connection.createRPCClient({ confirm: true });
  const answer = await client.send('rpc', 'hello');
  expect(answer.body).toBe('hello!');
  await client.close();
  await server.close();
});

it('is refused a queue that is not there', async () => {
  await expect(connection.queueDeclare({ queue: 'none', passive: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

function withResolve(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
