import { UsageError } from '@puka/errors';
import { startWorker } from '@puka/worker';
import { describe, expect, it } from 'vitest';
import type { JobInfo } from '../src/events.ts';
import { gate, startScene, told, turns } from './scene.ts';

describe('stop', () => {
  it('takes no new jobs, returns what has not begun, and lets finish what runs', async () => {
    const { broker, client } = await startScene();
    const end = gate();
    const begun: string[] = [];
    const worker = await startWorker(client, { queue: 'jobs', prefetch: 5 }, async (message) => {
      begun.push(message.text());
      await end.promise;
    });
    for (const body of ['a', 'b']) broker.publish({ routingKey: 'jobs', body });
    await broker.until(() => broker.queue('jobs')?.unacked === 2);
    await turns();
    const stopped = worker.stop();
    expect(worker.stop()).toBe(stopped);
    broker.publish({ routingKey: 'jobs', body: 'c' });
    await broker.until(() => broker.queue('jobs')?.ready === 2);
    end.open();
    await stopped;
    expect(await worker.ended).toBeUndefined();
    await broker.until(() => broker.queue('jobs')?.unacked === 0);
    expect(begun).toEqual(['a']);
    expect(worker.stats).toMatchObject({ done: 1, returned: 1 });
    expect(broker.queue('jobs')).toMatchObject({ ready: 2, consumers: [] });
    expect(broker.connections).toHaveLength(1);
  });

  it('waits for the copies that are on their way', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 60_000 }, () => {
      throw new Error('no');
    });
    broker.faults.delayConfirms(1000);
    broker.publish({ routingKey: 'jobs' });
    await broker.published('jobs.retry.60000');
    let isStopped = false;
    const stopped = worker.stop().then(() => {
      isStopped = true;
    });
    await turns();
    expect(isStopped).toBe(false);
    await broker.advance(1000);
    await stopped;
    expect(worker.stats).toMatchObject({ retried: 1, returned: 0 });
  });

  it('aborts what runs when its time is over; what ends then is done, or goes back without a failure', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const worker = await startWorker(
      client,
      { queue: 'jobs', concurrency: 2, runtime },
      async (message, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        if (message.text() === 'b') throw signal.reason;
      },
    );
    for (const body of ['a', 'b']) broker.publish({ routingKey: 'jobs', body });
    await broker.until(() => broker.queue('jobs')?.unacked === 2);
    await turns();
    const stopped = worker.stop({ timeout: 5000 });
    await turns();
    clock.advance(4999);
    await turns();
    expect(worker.stats.running).toBe(2);
    clock.advance(1);
    await stopped;
    expect(worker.stats).toMatchObject({ running: 0, done: 1, failed: 0, returned: 1 });
    await broker.until(() => broker.queue('jobs')?.ready === 1);
    expect(clock.pending).toBe(0);
  });

  it('returns what does not come back at all', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const end = gate();
    const worker = await startWorker(client, { queue: 'jobs', runtime }, () => end.promise);
    broker.publish({ routingKey: 'jobs' });
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await turns();
    const stopped = worker.stop({ timeout: 5000, grace: 100 });
    await turns();
    clock.advance(5000);
    await turns();
    expect(broker.queue('jobs')?.unacked).toBe(1);
    clock.advance(100);
    await stopped;
    await broker.until(() => broker.queue('jobs')?.ready === 1);
    end.open();
    await turns();
    expect(worker.stats).toMatchObject({ done: 0, returned: 1 });
  });

  it('returns a job that the broker will not take elsewhere', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 1000, runtime }, () => {
      throw new Error('no');
    });
    broker.faults.nackPublishes(1000);
    const refused = told(worker, 'refused');
    broker.publish({ routingKey: 'jobs' });
    await refused;
    const stopped = worker.stop({ timeout: 10, grace: 0 });
    await turns();
    clock.advance(10);
    await turns();
    clock.advance(0);
    await stopped;
    await broker.until(() => broker.queue('jobs')?.ready === 1);
    expect(worker.stats).toMatchObject({ failed: 1, retried: 0, returned: 1 });
  });

  it('refuses options out of their range, and can be called again', async () => {
    const { client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs' }, () => undefined);
    await expect(worker.stop({ timeout: -1 })).rejects.toBeInstanceOf(UsageError);
    await worker.stop();
  });

  it('ends in time even if the broker is short of memory and does not answer', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const end = gate();
    const worker = await startWorker(client, { queue: 'jobs', runtime }, () => end.promise);
    broker.publish({ routingKey: 'jobs' });
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await turns();
    broker.block();
    // The broker does not read from publishing connections any more.
    client.basicPublish({ routingKey: 'jobs' }).catch(() => undefined);
    await turns();
    const stopped = worker.stop({ timeout: 5000, grace: 100 });
    await turns();
    clock.advance(5000);
    await turns();
    clock.advance(100);
    await stopped;
    expect(worker.stats).toMatchObject({ returned: 1 });
    broker.unblock();
    await broker.until(() => broker.queue('jobs')?.ready === 2);
    expect(broker.queue('jobs')?.consumers).toEqual([]);
    end.open();
  });

  it.each([null, 5, { timeOut: 5 }])('refuses %o instead of options', async (options) => {
    const { client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs' }, () => undefined);
    await expect(worker.stop(options as never)).rejects.toThrow(/worker.stop\(\{ timeout: 30_000, grace: 1000 \}\)/);
  });

  it('is what await using does', async () => {
    const { broker, client } = await startScene();
    {
      await using worker = await startWorker(client, { queue: 'jobs' }, () => undefined);
      expect(worker.stats.done).toBe(0);
    }
    expect(broker.queue('jobs')?.consumers).toEqual([]);
  });
});

describe('the end', () => {
  it('of the client by shutdown waits for the jobs that the worker holds, and for their copies', async () => {
    const { broker, client } = await startScene();
    const end = gate();
    const worker = await startWorker(client, { queue: 'jobs', concurrency: 2, delay: 60_000 }, async (message) => {
      await end.promise;
      if (message.text() === 'b') throw new Error('no');
    });
    for (const body of ['a', 'b']) broker.publish({ routingKey: 'jobs', body });
    await broker.until(() => broker.queue('jobs')?.unacked === 2);
    await turns();
    const shutdown = client.shutdown();
    await turns();
    expect(broker.connections).toHaveLength(1);
    end.open();
    await shutdown;
    expect(await worker.ended).toBeUndefined();
    expect(worker.stats).toMatchObject({ done: 1, retried: 1, lost: 0 });
    expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
    expect(broker.queue('jobs.retry.60000')?.ready).toBe(1);
  });

  it('of the client by close loses what is unacked, and ends the worker without an error', async () => {
    const { broker, client } = await startScene();
    const running = gate<AbortSignal>();
    const worker = await startWorker(client, { queue: 'jobs' }, async (_job, { signal }) => {
      running.open(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    broker.publish({ routingKey: 'jobs' });
    await running.promise;
    await client.close();
    expect(await worker.ended).toBeUndefined();
    expect(worker.stats).toMatchObject({ lost: 1, done: 0, running: 0 });
    await worker.stop();
  });

  it('of the connection ends a worker whose client does not recover, with the error', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs' }, () => undefined);
    const ended = told(worker, 'ended');
    broker.faults.dropConnections();
    expect((await ended)[0]).toMatchObject({ name: 'ConnectionBroken' });
    expect(await worker.ended).toMatchObject({ name: 'ConnectionBroken' });
  });

  it('of its queue ends a worker with the error', async () => {
    const { client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs' }, () => undefined);
    await client.queueDelete({ queue: 'jobs' });
    expect(await worker.ended).toMatchObject({ name: expect.stringMatching(/^(ConsumerCancelled|NotFound)$/) });
  });
});

describe('events', () => {
  it('are reported in their order, for each job', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', attempts: 2, delay: 50 }, () => {
      throw new Error('no');
    });
    const heard: string[] = [];
    for (const name of ['started', 'done', 'failed', 'retried', 'dead', 'lost', 'returned', 'refused'] as const) {
      worker.on(name, (...[job]: readonly [JobInfo, ...unknown[]]) => void heard.push(`${name} ${job.attempt}`));
    }
    const retried = told(worker, 'retried');
    broker.publish({ routingKey: 'jobs' });
    await retried;
    await Promise.all([told(worker, 'dead'), broker.advance(50)]);
    expect(heard).toEqual(['started 1', 'failed 1', 'retried 1', 'started 2', 'failed 2', 'dead 2']);
  });

  it('affect no other code where a listener throws, and are not passed to one taken away', async () => {
    const { broker, client, runtime, warnings } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', runtime }, () => undefined);
    const thrown = new Error('listener');
    const never = (): never => {
      throw new Error('taken away');
    };
    worker.on('done', never).off('done', never);
    worker.on('done', () => {
      throw thrown;
    });
    worker.on('done', async () => {
      throw thrown;
    });
    const done = told(worker, 'done');
    broker.publish({ routingKey: 'jobs' });
    await done;
    await broker.consumed('jobs');
    expect(warnings).toEqual([thrown, thrown]);
  });
});

it('counts how long its handlers take', async () => {
  const { broker, client, clock, runtime } = await startScene();
  const worker = await startWorker(client, { queue: 'jobs', runtime }, () => clock.advance(300));
  const done = told(worker, 'done');
  broker.publish({ routingKey: 'jobs' });
  expect((await done)[1]).toBe(300);
  expect(worker.stats.durations).toEqual({ count: 1, sumMs: 300, maxMs: 300, buckets: [{ upToMs: 512, count: 1 }] });
});

it('counts no time between its handlers, be they run in one turn or in many', async () => {
  const { broker, client, clock, runtime } = await startScene();
  const worker = await startWorker(client, { queue: 'jobs', runtime, concurrency: 4 }, () => clock.advance(300));
  for (const count of [1, 5, 1]) {
    const done = told(worker, 'done', count);
    for (let job = 0; job < count; job++) broker.publish({ routingKey: 'jobs' });
    await done;
    await turns();
    clock.advance(1000);
  }
  expect(worker.stats.durations).toMatchObject({ count: 7, sumMs: 2100, maxMs: 300 });
});
