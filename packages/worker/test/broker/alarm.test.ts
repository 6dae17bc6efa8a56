/** A memory alarm: RabbitMQ stops reading from connections that publish, so it answers none of their requests. */
import { Client } from '@puka/client';
import { launchBroker, uniqueName, waitFor } from '@puka/testkit';
import { redrive, startWorker } from '@puka/worker';
import { expect, it } from 'vitest';

it('under a memory alarm a worker stops in time, and a redrive ends with its signal; no job is lost', async () => {
  await using broker = await launchBroker();
  const client = new Client(broker.url);
  await client.connect();
  const blocked = new Promise((resolve) => client.once('blocked', resolve));
  const queue = uniqueName('alarm');
  await client.queueDeclare({ queue, durable: true });
  let finish = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const worker = await startWorker(client, { queue, attempts: 1, concurrency: 2 }, async (message) => {
    if (message.text() === 'bad') throw new Error('no');
    await gate;
  });
  const dead = new Promise((resolve) => worker.on('dead', resolve));
  await client.basicPublish({ routingKey: queue, body: 'bad' });
  await client.basicPublish({ routingKey: queue, body: 'slow' });
  await dead;
  await waitFor(() => worker.stats.running === 1);
  await broker.setMemoryAlarm('on');
  // The connection is blocked because it publishes.
  client.basicPublish({ routingKey: queue, body: 'later' }).catch(() => undefined);
  await blocked;
  await worker.stop({ timeout: 1, grace: 1 });
  expect(worker.stats).toMatchObject({ returned: 1 });
  const controller = new AbortController();
  const redriving = redrive(client, { from: `${queue}.dead`, signal: controller.signal });
  controller.abort('enough');
  await expect(redriving).rejects.toBe('enough');
  finish();
  await broker.setMemoryAlarm('off');
  const countOf = async (name: string): Promise<number> =>
    (await client.queueDeclare({ queue: name, passive: true })).messageCount;
  // The returned jobs, and those published meanwhile.
  await waitFor(async () => (await countOf(queue)) === 2);
  await waitFor(async () => (await countOf(`${queue}.dead`)) === 1);
  await client.close();
});
