import { expect, it } from 'vitest';
import { DelayQueues, delayQueueArguments, delayQueueName } from '../src/delay-queues.ts';
import { startScene } from './scene.ts';

const hour = 3_600_000;

it('names its queues so that an operator understands them', () => {
  expect(delayQueueName('jobs', 60_000)).toBe('jobs.retry.60000');
});

it('lets a delay queue live longer than what is put into it at the last moment', async () => {
  const { broker, client, clock } = await startScene();
  const delays = new DelayQueues(client, 'jobs', 'classic', clock.now);
  const queue = await delays.ensure(hour);
  // As late as it is used without being declared again, and as long as a publish may take.
  await broker.advance(600_000 + 1_800_000);
  broker.publish({ routingKey: queue, body: 'x' });
  await broker.advance(hour - 1);
  expect(broker.queue('jobs')?.ready).toBe(0);
  await broker.advance(1);
  expect(broker.queue('jobs')?.ready).toBe(1);
});

it('has them expire by themselves, an hour after their last use', async () => {
  const { broker, client, clock } = await startScene();
  await new DelayQueues(client, 'jobs', 'classic', clock.now).ensure(1000);
  await broker.advance(hour + 1000);
  expect(broker.queue('jobs.retry.1000')).toBeUndefined();
});

it('declares a queue again in time, once for all that wait for it', async () => {
  const { broker, client, clock } = await startScene();
  const delays = new DelayQueues(client, 'jobs', 'classic', clock.now);
  const first = delays.ensure(1000);
  expect(delays.ensure(1000)).toBe(first);
  await first;
  clock.advance(599_999);
  expect(delays.ensure(1000)).toBe(first);
  await client.queueDelete({ queue: 'jobs.retry.1000' });
  clock.advance(1);
  await delays.ensure(1000);
  expect(broker.queue('jobs.retry.1000')).toBeDefined();
});

it('asks again where a declaration failed, or is forgotten', async () => {
  const { broker, client, clock } = await startScene();
  const delays = new DelayQueues(client, 'jobs', 'classic', clock.now);
  await client.queueDeclare({ queue: 'jobs.retry.5', durable: true });
  await expect(delays.ensure(5)).rejects.toMatchObject({ replyCode: 406 });
  await client.queueDelete({ queue: 'jobs.retry.5' });
  await delays.ensure(5);
  await client.queueDelete({ queue: 'jobs.retry.5' });
  delays.forget(5);
  await delays.ensure(5);
  expect(broker.queue('jobs.retry.5')).toBeDefined();
  await client.queueDelete({ queue: 'jobs.retry.5' });
  delays.forgetAll();
  await delays.ensure(5);
  expect(broker.queue('jobs.retry.5')).toBeDefined();
});

it('has quorum queues dead-letter at least once, and not expire: a declaration would not put that off', async () => {
  const { client, clock } = await startScene();
  expect(delayQueueArguments('jobs', 5, 'quorum')).not.toHaveProperty('x-expires');
  const queue = await new DelayQueues(client, 'jobs', 'quorum', clock.now).ensure(5);
  expect(queue).toBe('jobs.retry.5');
});
