/** For node:test: a broker for each test. Node 20 does not know `await using`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@puka/client';
import { startBroker } from '@puka/testing';

await test('a job reaches the queue', async (t) => {
  const broker = await startBroker();
  t.after(() => broker.stop());
  const client = new Client(broker.url);
  await client.connect();
  await client.queueDeclare({ queue: 'jobs' });
  await client.basicPublish({ routingKey: 'jobs', body: 'sweep' });
  const [job] = await broker.published('jobs');
  assert.equal(job.text(), 'sweep');
  await client.close();
});

await test('a job that no worker takes within the hour expires', async (t) => {
  const broker = await startBroker();
  t.after(() => broker.stop());
  const client = new Client(broker.url, { heartbeat: 0 });
  await client.connect();
  await client.queueDeclare({ queue: 'jobs', arguments: { 'x-message-ttl': 3_600_000 } });
  await client.basicPublish({ routingKey: 'jobs', body: 'sweep' });
  await broker.advance(3_600_000);
  assert.equal(broker.queue('jobs').ready, 0);
  await client.close();
});

await test('a job that the broker cannot take is refused', async (t) => {
  const broker = await startBroker({ listen: false });
  t.after(() => broker.stop());
  const client = new Client('amqp://', { transport: broker.transport() });
  await client.connect();
  broker.faults.nackPublishes();
  await assert.rejects(client.basicPublish({ routingKey: 'jobs', body: 'sweep' }), { name: 'PublishNacked' });
  await client.close();
});
