/** The relay before RabbitMQ: what a client does through it, and what it does when the relay is gone. */
import { Client, type ClientOptions } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import { webSocketConnector } from '@puka/transport/websocket';
import { expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { brokerAddress } from '../../src/broker-address.ts';
import { startTestRelay } from '../relay/relay-harness.ts';

const url = inject('amqpUrl');

function clientOf(port: number, options: Partial<ClientOptions> = {}): Client {
  const address = new URL(url);
  address.hostname = '127.0.0.1';
  address.port = String(port);
  return new Client(address.href, { transport: webSocketConnector({ WebSocket }), ...options });
}

test('carries ten thousand messages in order, and a body of 5 MiB', async () => {
  const relay = await startTestRelay(await brokerAddress(url));
  const client = clientOf(relay.port);
  await client.connect();
  const { queue } = await client.queueDeclare({});
  const consumer = client.basicConsume({ queue, prefetchCount: 500 });
  const count = 10_000;
  for (let n = 0; n < count; n++) {
    const published = client.basicPublish({ routingKey: queue, body: String(n) });
    if (client.needsDrain) await published;
  }
  let next = 0;
  for await (const message of consumer) {
    expect(message.text()).toBe(String(next));
    message.ack();
    next += 1;
    if (next === count) break;
  }
  const body = new Uint8Array(5 * 1024 * 1024).map((_, index) => index % 251);
  await client.basicPublish({ routingKey: queue, body });
  const large = await client.basicGet({ queue });
  expect(Buffer.compare(large?.body ?? new Uint8Array(), body)).toBe(0);
  large?.ack();
  await client.shutdown();
  await relay.stop();
});

test('a client outlives its relay: publishes of the time between are confirmed by the next', async () => {
  const first = await startTestRelay(await brokerAddress(url));
  const { port } = first;
  const client = clientOf(port, { recover: { minDelay: 10, maxDelay: 50 } });
  await client.connect();
  const queue = uniqueName('relay');
  await client.queueDeclare({ queue });
  await client.basicPublish({ routingKey: queue, body: 'before' });
  const disconnected = new Promise((resolve) => client.once('disconnected', resolve));
  await first.stop();
  await disconnected;
  const published = client.basicPublish({ routingKey: queue, body: 'between' });
  const second = await startTestRelay(await brokerAddress(url), { port });
  await published;
  expect((await client.queueDelete({ queue })).messageCount).toBe(2);
  await client.shutdown();
  await second.stop();
});

test('reports that the login is wrong, as without a relay', async () => {
  const relay = await startTestRelay(await brokerAddress(url));
  const client = new Client(`amqp://nobody:wrong@127.0.0.1:${relay.port}`, {
    transport: webSocketConnector({ WebSocket }),
    allowCleartextPassword: true,
  });
  await expect(client.connect()).rejects.toMatchObject({ name: 'AuthenticationFailed' });
  await relay.stop();
});
