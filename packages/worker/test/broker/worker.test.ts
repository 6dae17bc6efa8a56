import { Client } from '@puka/client';
import { uniqueName, waitFor } from '@puka/testkit';
import { redrive, startWorker } from '@puka/worker';
import { describe, expect, inject, it, onTestFinished } from 'vitest';

const url = inject('amqpUrl');

/** A client and a queue of its own with all that a worker makes beside it, gone after the test. */
async function scene(
  type: 'classic' | 'quorum',
  delays: readonly number[],
): Promise<{ client: Client; queue: string }> {
  const client = new Client(url);
  const queue = uniqueName('worker');
  await client.connect();
  await client.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': type } });
  onTestFinished(async () => {
    const keeper = new Client(url);
    await keeper.connect();
    const names = [queue, `${queue}.dead`, ...delays.map((ms) => `${queue}.retry.${ms}`)];
    await Promise.all(names.map((name) => keeper.queueDelete({ queue: name })));
    await Promise.all([keeper.close(), client.close()]);
  });
  return { client, queue };
}

/** Waits for so many of an event. */
function told(
  worker: Awaited<ReturnType<typeof startWorker>>,
  name: 'done' | 'dead' | 'retried',
  count = 1,
): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    worker.on(name, () => {
      if (--left === 0) resolve();
    });
  });
}

describe.each(['classic', 'quorum'] as const)('on RabbitMQ, with %s queues,', (queueType) => {
  it('a job comes again after its delays, over the queues that keep them, and no sooner', async () => {
    const { client, queue } = await scene(queueType, [50, 200]);
    const begun: [number, number][] = [];
    const options = { queue, queueType, attempts: 3, delay: [50, 200] };
    const worker = await startWorker(client, options, (_job, { attempt }) => {
      begun.push([attempt, performance.now()]);
      if (attempt < 3) throw new Error('no');
    });
    const done = told(worker, 'done');
    await client.basicPublish({ routingKey: queue, body: 'x' });
    await done;
    expect(begun.map(([attempt]) => attempt)).toEqual([1, 2, 3]);
    const [first = 0, second = 0, third = 0] = begun.map(([, at]) => at);
    // The broker's clock is of whole milliseconds.
    expect(second - first).toBeGreaterThanOrEqual(49);
    expect(third - second).toBeGreaterThanOrEqual(199);
    expect(worker.stats).toMatchObject({ done: 1, failed: 2, retried: 2, dead: 0 });
    await worker.stop();
  });

  it('a job that is given up is a dead letter, and goes again by redrive', async () => {
    const { client, queue } = await scene(queueType, [20]);
    const works = { now: false };
    const worker = await startWorker(client, { queue, queueType, attempts: 2, delay: 20 }, () => {
      if (!works.now) throw new RangeError('too far');
    });
    const dead = told(worker, 'dead', 20);
    const jobs = Array.from({ length: 20 }, (_, job) => client.basicPublish({ routingKey: queue, body: `${job}` }));
    await Promise.all([...jobs, dead]);
    works.now = true;
    const done = told(worker, 'done', 20);
    const filter = ({ headers }: { headers: { readonly [name: string]: unknown } }): boolean =>
      headers['puka-error-name'] === 'RangeError' && headers['puka-attempts'] === 2;
    expect(await redrive(client, { from: `${queue}.dead`, filter })).toMatchObject({ moved: 20, kept: 0 });
    await done;
    await worker.stop();
  });

  it('a job that crashes its worker ends among the dead letters, at the attempts that are configured', async () => {
    const { client, queue } = await scene(queueType, []);
    await client.basicPublish({ routingKey: queue, body: 'poison' });
    const attempts: number[] = [];
    for (let crash = 0; crash < 3; crash++) {
      const victim = new Client(url, { recover: false });
      victim.on('unobserved', () => undefined);
      await victim.connect();
      await startWorker(victim, { queue, attempts: 3, delay: () => 20 }, (_job, { attempt }) => {
        attempts.push(attempt);
        return new Promise(() => undefined);
      });
      await waitFor(() => attempts.length === crash + 1);
      await victim.close();
    }
    const worker = await startWorker(client, { queue, attempts: 3, delay: () => 20 }, () => void attempts.push(-1));
    const looked = async (): Promise<boolean> =>
      (await client.queueDeclare({ queue: `${queue}.dead`, passive: true })).messageCount === 1;
    await waitFor(looked);
    expect(attempts).toEqual([1, 2, 3]);
    const dead = await client.basicGet({ queue: `${queue}.dead`, noAck: true });
    expect(dead?.headers).toMatchObject({ 'puka-reason': 'redelivered', 'puka-attempts': 3 });
    await worker.stop();
  });

  it('jobs of one key begin in their order, and never two at once, whatever the concurrency', async () => {
    const { client, queue } = await scene(queueType, []);
    const running = new Set<string>();
    const seen = new Map<string, number[]>();
    const options = {
      queue,
      concurrency: 16,
      delay: () => 20,
      key: (message: { text(): string }) => message.text().slice(0, 1),
    };
    const worker = await startWorker(client, options, async (message) => {
      const [key = '', number = ''] = message.text().split(' ');
      expect(running.has(key)).toBe(false);
      running.add(key);
      await new Promise((resolve) => setImmediate(resolve));
      running.delete(key);
      seen.set(key, [...(seen.get(key) ?? []), Number(number)]);
    });
    const done = told(worker, 'done', 300);
    for (let job = 0; job < 300; job++) client.basicPublish({ routingKey: queue, body: `${'abc'[job % 3]} ${job}` });
    await done;
    for (const jobs of seen.values()) expect(jobs).toEqual(jobs.toSorted((a, b) => a - b));
    expect(worker.stats.failed).toBe(0);
    await worker.stop();
  });
});
