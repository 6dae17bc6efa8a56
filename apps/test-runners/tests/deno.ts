/** For `deno test`: a broker for each test. */
import assert from 'node:assert/strict';
import { Client } from '@puka/client';
import { startBroker } from '@puka/testing';

Deno.test('a job reaches the queue', async () => {
  await using broker = await startBroker();
  await using client = new Client(broker.url);
  await client.connect();
  await client.queueDeclare({ queue: 'jobs' });
  await client.basicPublish({ routingKey: 'jobs', body: 'sweep' });
  const [job] = await broker.published('jobs');
  assert.equal(job?.text(), 'sweep');
});

Deno.test('a job that no worker takes within the hour expires', async () => {
  await using broker = await startBroker();
  await using client = new Client(broker.url, { heartbeat: 0 });
  await client.connect();
  await client.queueDeclare({ queue: 'jobs', arguments: { 'x-message-ttl': 3_600_000 } });
  await client.basicPublish({ routingKey: 'jobs', body: 'sweep' });
  await broker.advance(3_600_000);
  assert.equal(broker.queue('jobs')?.ready, 0);
});

Deno.test('a job that the broker cannot take is refused', async () => {
  await using broker = await startBroker({ listen: false });
  await using client = new Client('amqp://', { transport: broker.transport() });
  await client.connect();
  broker.faults.nackPublishes();
  await assert.rejects(client.basicPublish({ routingKey: 'jobs', body: 'sweep' }), { name: 'PublishNacked' });
});
