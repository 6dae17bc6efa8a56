import { Discard, startWorker } from '@puka/worker';
import { describe, expect, it } from 'vitest';
import { gate, startScene, told, turns } from './scene.ts';

describe('batches', () => {
  it('are handed out full, and after their time as they are', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const seen: string[][] = [];
    const batch = { size: 3, wait: 200 };
    const worker = await startWorker(client, { queue: 'jobs', concurrency: 2, batch, runtime }, (jobs) => {
      seen.push(jobs.map((job) => job.text()));
    });
    const first = told(worker, 'done', 3);
    for (const body of ['a', 'b', 'c', 'd']) broker.publish({ routingKey: 'jobs', body });
    await first;
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await turns();
    expect(worker.stats).toMatchObject({ done: 3, waiting: 1 });
    clock.advance(199);
    expect(seen).toEqual([['a', 'b', 'c']]);
    clock.advance(1);
    expect(seen).toEqual([['a', 'b', 'c'], ['d']]);
    await broker.consumed('jobs');
    expect(clock.pending).toBe(0);
  });

  it('run so many at a time as concurrency says', async () => {
    const { broker, client } = await startScene();
    const ends: (() => void)[] = [];
    const options = { queue: 'jobs', concurrency: 2, batch: { size: 2 }, prefetch: 100 };
    await startWorker(client, options, () => {
      const end = gate();
      ends.push(() => end.open());
      return end.promise;
    });
    for (let job = 0; job < 8; job++) broker.publish({ routingKey: 'jobs' });
    await broker.until(() => broker.queue('jobs')?.unacked === 8);
    await turns();
    expect(ends).toHaveLength(2);
    ends[0]?.();
    await turns();
    expect(ends).toHaveLength(3);
    ends[1]?.();
    ends[2]?.();
    await turns();
    ends[3]?.();
    await broker.consumed('jobs');
  });

  it('are settled together: what is thrown is for all of them', async () => {
    const { broker, client } = await startScene();
    const options = { queue: 'jobs', batch: { size: 2 }, delay: 50 };
    const attempts: number[][] = [];
    const worker = await startWorker(client, options, (_jobs, { items }) => {
      attempts.push(items.map(({ attempt }) => attempt));
      if (attempts.length === 1) throw new Error('no');
    });
    const retried = told(worker, 'retried', 2);
    for (const body of ['a', 'b']) broker.publish({ routingKey: 'jobs', body });
    await retried;
    await Promise.all([told(worker, 'done', 2), broker.advance(50)]);
    expect(attempts).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('are settled one by one where the handler says so', async () => {
    const { broker, client } = await startScene();
    const end = gate();
    const options = { queue: 'jobs', batch: { size: 4 }, delay: 60_000 };
    const worker = await startWorker(client, options, async (_jobs, { items }) => {
      items[0]?.done();
      items[1]?.fail(new Error('no'));
      items[2]?.fail(new Discard('never'));
      items[2]?.done();
      await end.promise;
    });
    const over = Promise.all([told(worker, 'done'), told(worker, 'retried'), told(worker, 'dead')]);
    for (const body of ['a', 'b', 'c', 'd']) broker.publish({ routingKey: 'jobs', body });
    await over;
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    end.open();
    await broker.consumed('jobs');
    expect(worker.stats).toMatchObject({ done: 2, failed: 2, retried: 1, dead: 1, running: 0 });
    expect((await broker.published('jobs.dead'))[0]?.text()).toBe('c');
    expect((await broker.published('jobs.retry.60000'))[0]?.text()).toBe('b');
  });

  it('leave out what does not fit', async () => {
    const { broker, client } = await startScene();
    const seen: (readonly number[])[] = [];
    const parse = (message: { text(): string }): number => {
      if (message.text() === 'x') throw new Error('no number');
      return Number(message.text());
    };
    const worker = await startWorker(
      client,
      { queue: 'jobs', batch: { size: 3 }, parse },
      (jobs) => void seen.push(jobs),
    );
    const over = Promise.all([told(worker, 'done', 2), told(worker, 'dead', 4)]);
    for (const body of ['1', 'x', '3', 'x', 'x', 'x']) broker.publish({ routingKey: 'jobs', body });
    await over;
    expect(seen).toEqual([[1, 3]]);
  });

  it('have one signal: of their time, and of the loss of their deliveries', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const signals: AbortSignal[] = [];
    const ends = [gate(), gate()];
    const options = { queue: 'jobs', batch: { size: 2 }, handlerTimeout: 1000, delay: 60_000, runtime };
    const worker = await startWorker(client, options, async (_jobs, { signal, items }) => {
      const end = ends[signals.length / 3];
      signals.push(signal, ...items.map((item) => item.signal));
      await end?.promise;
    });
    for (let job = 0; job < 2; job++) broker.publish({ routingKey: 'jobs' });
    await broker.until(() => broker.queue('jobs')?.unacked === 2);
    await turns();
    const retried = told(worker, 'retried', 2);
    clock.advance(1000);
    await retried;
    expect(new Set(signals).size).toBe(1);
    expect(signals[0]?.aborted).toBe(true);
    ends[0]?.open();
    await turns();
    for (let job = 0; job < 2; job++) broker.publish({ routingKey: 'jobs' });
    await broker.until(() => broker.queue('jobs')?.unacked === 2);
    await turns();
    const lost = told(worker, 'lost', 2);
    broker.faults.dropConnections();
    await lost;
    expect(signals.at(-1)?.aborted).toBe(true);
    ends[1]?.open();
    await worker.ended;
    expect(worker.stats.running).toBe(0);
  });

  it('that are not full go back at a stop', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const batch = { size: 3, wait: 1000 };
    const worker = await startWorker(client, { queue: 'jobs', batch, runtime }, () => undefined);
    broker.publish({ routingKey: 'jobs' });
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await turns();
    await worker.stop();
    await broker.until(() => broker.queue('jobs')?.ready === 1);
    expect(worker.stats).toMatchObject({ done: 0, returned: 1, waiting: 0 });
    expect(clock.pending).toBe(0);
  });
});

it('takes the first outcome of a promise that has several', async () => {
  const { broker, client } = await startScene();
  const odd = (): unknown => ({
    // biome-ignore lint/suspicious/noThenProperty: it is meant to pass for a promise.
    then: (resolve: () => void, reject: (error: unknown) => void) => {
      resolve();
      reject(new Error('no'));
      throw new Error('no');
    },
  });
  const worker = await startWorker(client, { queue: 'jobs', batch: { size: 2 } }, odd);
  const done = told(worker, 'done', 2);
  broker.publish({ routingKey: 'jobs' });
  broker.publish({ routingKey: 'jobs' });
  await done;
  await turns();
  expect(worker.stats).toMatchObject({ running: 0, done: 2, failed: 0, durations: { count: 2 } });
});

it('leaves out of a batch the jobs that a stop returned when the batch began', async () => {
  const { broker, client, clock, runtime } = await startScene();
  const seen: string[] = [];
  const options = { queue: 'jobs', batch: { size: 3 }, runtime };
  const worker = await startWorker(client, options, (jobs) => {
    seen.push(...jobs.map((job) => job.text()));
  });
  worker.on('started', () => void worker.stop());
  for (const body of ['a', 'b', 'c']) broker.publish({ routingKey: 'jobs', body });
  await worker.ended;
  expect(seen).toEqual(['a']);
  expect(worker.stats).toMatchObject({ running: 0, done: 1, returned: 2 });
  await broker.until(() => broker.queue('jobs')?.ready === 2);
  expect(clock.pending).toBe(0);
});
