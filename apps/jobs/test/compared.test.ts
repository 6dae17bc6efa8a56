import { Client } from '@puka/client';
import { uniqueName, waitFor } from '@puka/testkit';
import { expect, inject, it } from 'vitest';
import { startByAmqplib } from '../src/by-amqplib.ts';
import { startByWorker } from '../src/by-worker.ts';

it.each([
  ['the worker', startByWorker],
  ['amqplib by hand', startByAmqplib],
])('the same jobs end the same way with %s', async (_name, start) => {
  const url = inject('amqpUrl');
  const queue = uniqueName('compared');
  const client = new Client(url);
  await client.connect();
  await client.queueDeclare({ queue, durable: true });
  const plan = { queue, concurrency: 4, attempts: 3, delays: [20, 40] };
  const done: string[] = [];
  const started = await start(url, plan, async (text, attempt) => {
    if (text === 'hopeless' || (text === 'flaky' && attempt < 3)) throw new Error('not this time');
    done.push(`${text} ${attempt}`);
  });
  const texts = ['easy', 'flaky', 'hopeless', 'easy'];
  await Promise.all(texts.map((body) => client.basicPublish({ routingKey: queue, body })));
  const deadCount = async (): Promise<number> =>
    (await client.queueDeclare({ queue: `${queue}.dead`, passive: true })).messageCount;
  await waitFor(async () => done.length === 3 && (await deadCount()) === 1);
  await started.stop();
  expect(done.toSorted()).toEqual(['easy 1', 'easy 1', 'flaky 3']);
  expect((await client.basicGet({ queue: `${queue}.dead`, noAck: true }))?.text()).toBe('hopeless');
  const names = [queue, `${queue}.dead`, `${queue}.retry.20`, `${queue}.retry.40`];
  await Promise.all(names.map((name) => client.queueDelete({ queue: name })));
  await client.close();
});
