import { UsageError } from '@puka/errors';
import { startWorker } from '@puka/worker';
import { describe, expect, it } from 'vitest';
import { type Gate, gate, startScene, told, turns } from './scene.ts';

/** A handler whose jobs end when the test ends them. */
function held(): { readonly running: Map<string, Gate>; handler(message: { text(): string }): Promise<void> } {
  const running = new Map<string, Gate>();
  return {
    running,
    handler: async (message) => {
      const end = gate();
      running.set(message.text(), end);
      await end.promise.finally(() => running.delete(message.text()));
    },
  };
}

describe('concurrency', () => {
  it('bounds the handlers, in the order of the queue', async () => {
    const { broker, client } = await startScene();
    const { running, handler } = held();
    const worker = await startWorker(client, { queue: 'jobs', concurrency: 2, prefetch: 10 }, handler);
    for (const body of ['a', 'b', 'c', 'd']) broker.publish({ routingKey: 'jobs', body });
    await broker.until(() => broker.queue('jobs')?.unacked === 4);
    await turns();
    expect([...running.keys()]).toEqual(['a', 'b']);
    expect(worker.stats).toMatchObject({ running: 2, waiting: 2 });
    running.get('b')?.open();
    await turns();
    expect([...running.keys()]).toEqual(['a', 'c']);
    running.get('a')?.open();
    running.get('c')?.open();
    await turns();
    expect([...running.keys()]).toEqual(['d']);
    running.get('d')?.open();
    await broker.consumed('jobs');
  });

  it('is followed by the prefetch', async () => {
    const { broker, client } = await startScene();
    const { running, handler } = held();
    await startWorker(client, { queue: 'jobs', concurrency: 3 }, handler);
    for (const body of ['a', 'b', 'c', 'd']) broker.publish({ routingKey: 'jobs', body });
    await broker.until(() => broker.queue('jobs')?.unacked === 3);
    await turns();
    expect(broker.queue('jobs')).toMatchObject({ ready: 1, unacked: 3 });
    expect(running.size).toBe(3);
  });

  it('takes handlers that return at once without going deeper and deeper', async () => {
    const { broker, client } = await startScene();
    let done = 0;
    const first = gate();
    const worker = await startWorker(client, { queue: 'jobs', prefetch: 65_535 }, () => {
      done++;
      return done === 1 ? first.promise : undefined;
    });
    for (let job = 0; job < 20_000; job++) broker.publish({ routingKey: 'jobs' });
    await broker.until(() => broker.queue('jobs')?.unacked === 20_000);
    await turns();
    const over = told(worker, 'done', 20_000);
    first.open();
    await over;
    expect(done).toBe(20_000);
  });
});

describe('order by key', () => {
  it('never runs two of one key at once, and keeps their order, whatever the concurrency', async () => {
    const { broker, client } = await startScene();
    const { running, handler } = held();
    const key = (message: { text(): string }): string => message.text().slice(0, 1);
    await startWorker(client, { queue: 'jobs', concurrency: 4, key }, handler);
    for (const body of ['a1', 'a2', 'b1', 'a3', 'c1', 'b2']) broker.publish({ routingKey: 'jobs', body });
    await broker.until(() => broker.queue('jobs')?.unacked === 6);
    await turns();
    expect([...running.keys()]).toEqual(['a1', 'b1', 'c1']);
    running.get('a1')?.open();
    await turns();
    expect([...running.keys()]).toEqual(['b1', 'c1', 'a2']);
    running.get('a2')?.open();
    running.get('b1')?.open();
    await turns();
    expect([...running.keys()].sort()).toEqual(['a3', 'b2', 'c1']);
    for (const end of running.values()) end.open();
    await broker.consumed('jobs');
  });

  it('lets the next of a key go before one that waits for its retry', async () => {
    const { broker, client } = await startScene();
    const seen: string[] = [];
    const options = { queue: 'jobs', concurrency: 4, key: () => 'k', delay: 100 };
    const worker = await startWorker(client, options, (message, { attempt }) => {
      seen.push(`${message.text()}${attempt}`);
      if (message.text() === 'a' && attempt === 1) throw new Error('no');
    });
    for (const body of ['a', 'b']) broker.publish({ routingKey: 'jobs', body });
    await told(worker, 'done');
    await Promise.all([told(worker, 'done'), broker.advance(100)]);
    expect(seen).toEqual(['a1', 'b1', 'a2']);
  });

  it('treats an error of key as a failure of the job', async () => {
    const { broker, client } = await startScene();
    const key = (): string => {
      throw new Error('no key');
    };
    const worker = await startWorker(client, { queue: 'jobs', attempts: 1, key }, () => undefined);
    const dead = told(worker, 'dead');
    broker.publish({ routingKey: 'jobs' });
    expect((await dead)[1]).toBe('attempts');
    expect((await broker.published('jobs.dead'))[0]?.headers['puka-error']).toBe('no key');
  });

  it('forgets its keys', async () => {
    const { broker, client } = await startScene();
    let same = 0;
    const options = { queue: 'jobs', concurrency: 2, key: (message: { text(): string }) => message.text() };
    const worker = await startWorker(client, options, () => void same++);
    for (let job = 0; job < 100; job++) broker.publish({ routingKey: 'jobs', body: `${job % 10}` });
    await told(worker, 'done', 100 - same);
    await broker.consumed('jobs');
    expect(same).toBe(100);
  });
});

describe('handlerTimeout', () => {
  it('aborts the signal and has the attempt failed; the place stays taken until the handler comes back', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const signals: AbortSignal[] = [];
    const ends = [gate(), gate()];
    const options = { queue: 'jobs', handlerTimeout: 1000, delay: 50, runtime };
    const worker = await startWorker(client, options, async (_job, { signal }) => {
      const end = ends[signals.length];
      signals.push(signal);
      await end?.promise;
    });
    broker.publish({ routingKey: 'jobs', body: 'a' });
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await turns();
    clock.advance(999);
    expect(signals[0]?.aborted).toBe(false);
    const retried = told(worker, 'retried');
    clock.advance(1);
    expect(signals[0]?.reason).toMatchObject({ name: 'OperationTimeout' });
    await retried;
    expect(worker.stats).toMatchObject({ running: 1, failed: 1, retried: 1 });
    await broker.advance(50);
    await turns();
    expect(signals).toHaveLength(1);
    ends[0]?.open();
    await turns();
    expect(signals).toHaveLength(2);
    ends[1]?.open();
    await told(worker, 'done');
    expect(worker.stats).toMatchObject({ done: 1, failed: 1, running: 0 });
    expect(clock.pending).toBe(0);
  });

  it('goes by the error in the headers', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const options = { queue: 'jobs', handlerTimeout: 1000, attempts: 1, runtime };
    const worker = await startWorker(client, options, () => new Promise(() => undefined));
    broker.publish({ routingKey: 'jobs', body: 'a' });
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await turns();
    const dead = told(worker, 'dead');
    clock.advance(1000);
    await dead;
    expect((await broker.published('jobs.dead'))[0]?.headers).toMatchObject({
      'puka-error-name': 'OperationTimeout',
      'puka-error': "a handler of queue 'jobs' ran longer than 1000 ms",
    });
  });
});

it('takes the first outcome of a promise that has several', async () => {
  const { broker, client } = await startScene();
  const odd = (): unknown => ({
    // biome-ignore lint/suspicious/noThenProperty: it is meant to pass for a promise.
    then: (resolve: () => void, reject: (error: unknown) => void) => {
      resolve();
      resolve();
      reject(new Error('no'));
      throw new Error('no');
    },
  });
  const worker = await startWorker(client, { queue: 'jobs' }, odd);
  const done = told(worker, 'done', 2);
  broker.publish({ routingKey: 'jobs' });
  broker.publish({ routingKey: 'jobs' });
  await done;
  await turns();
  expect(worker.stats).toMatchObject({ running: 0, done: 2, failed: 0, durations: { count: 2 } });
});

it.each<[string, () => unknown]>([
  ['a promise', async () => 'a'],
  ['a promise that rejects', () => Promise.reject(new Error('no'))],
  ['an object', () => ({ customer: 7 })],
])('fails a job whose key is %s, because it would keep no order', async (_what, key) => {
  const { broker, client } = await startScene();
  let runs = 0;
  const options = { queue: 'jobs', attempts: 1, key: key as () => string };
  const worker = await startWorker(client, options, () => void runs++);
  const dead = told(worker, 'dead');
  broker.publish({ routingKey: 'jobs' });
  const [, reason, error] = await dead;
  expect(reason).toBe('attempts');
  expect(error).toBeInstanceOf(UsageError);
  expect(runs).toBe(0);
});
