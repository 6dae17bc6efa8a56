import { Client } from '@puka/client';
import { startWorker } from '@puka/worker';
import { describe, expect, it } from 'vitest';
import type { JobInfo } from '../src/events.ts';
import { gate, startScene, told, turns } from './scene.ts';

/** A worker on a client of its own that takes a job and dies with it, as a process that is killed. */
async function crashOn(client: Client, attempts: number): Promise<number> {
  const begun = gate<number>();
  await startWorker(client, { queue: 'jobs', attempts }, (_job, { attempt }) => {
    begun.open(attempt);
    return new Promise(() => undefined);
  });
  return await begun.promise;
}

describe.each(['classic', 'quorum'])('poison that kills its worker, on a %s queue,', (type) => {
  it('is begun as often as attempts says, then goes to the dead letters', async () => {
    const { broker, another } = await startScene({ arguments: { 'x-queue-type': type } });
    broker.publish({ routingKey: 'jobs', body: 'poison' });
    const attempts: number[] = [];
    for (let crash = 0; crash < 3; crash++) {
      attempts.push(await crashOn(await another(), 3));
      broker.faults.dropConnections();
      await broker.until(() => broker.connections.length === 0);
    }
    const worker = await startWorker(await another(), { queue: 'jobs', attempts: 3 }, ({ redelivered }) => {
      attempts.push(redelivered ? -1 : -2);
    });
    const [job] = await told(worker, 'dead');
    attempts.push((job as JobInfo).attempt);
    expect(attempts).toEqual([1, 2, 3, 3]);
    const [dead] = await broker.published('jobs.dead');
    expect(dead?.headers).toMatchObject({ 'puka-reason': 'redelivered', 'puka-attempts': 3 });
  });
});

describe('a delivery that is lost', () => {
  it('has its signal aborted, its outcome not written, and the broker deliver it again', async () => {
    const { broker, client, another } = await startScene();
    const running = gate<AbortSignal>();
    const finish = gate();
    const worker = await startWorker(client, { queue: 'jobs', delay: 5 }, async (_job, { signal }) => {
      running.open(signal);
      await finish.promise;
      throw new Error('late');
    });
    broker.publish({ routingKey: 'jobs', body: 'x' });
    const signal = await running.promise;
    expect(signal.aborted).toBe(false);
    const lost = told(worker, 'lost');
    broker.faults.dropConnections();
    await lost;
    expect(signal.aborted).toBe(true);
    finish.open();
    expect(await worker.ended).toMatchObject({ name: 'ConnectionBroken' });
    expect(worker.stats).toMatchObject({ running: 0, lost: 1, done: 0, failed: 0, retried: 0 });
    await startWorker(await another(), { queue: 'jobs', delay: 5 }, () => undefined);
    await broker.consumed('jobs');
    expect(broker.queue('jobs.retry.5')?.ready).toBe(0);
  });

  it('is noticed at its ack if no event reported it', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs' }, (message) => {
      Object.defineProperty(message, 'ack', { value: () => false });
    });
    const lost = told(worker, 'lost');
    broker.publish({ routingKey: 'jobs' });
    await lost;
    expect(worker.stats).toMatchObject({ done: 0, lost: 1, running: 0 });
  });

  it('is lost where a recovering client reports that the channel of its consumer was, and the next ones are not', async () => {
    const { broker, client } = await startScene();
    const words = overheard(client);
    const running = gate<AbortSignal>();
    const finish = gate();
    const worker = await startWorker(client, { queue: 'jobs' }, (message, { signal }) => {
      if (message.text() !== 'a') return undefined;
      running.open(signal);
      return finish.promise;
    });
    broker.publish({ routingKey: 'jobs', body: 'a' });
    const signal = await running.promise;
    words.emit('interrupted', new Error('of another'), {});
    expect(signal.aborted).toBe(false);
    const gone = new Error('gone');
    words.emit('interrupted', gone, words.consumer);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBe(gone);
    finish.open();
    const done = told(worker, 'done', 2);
    broker.publish({ routingKey: 'jobs', body: 'b' });
    // The broker does not know of this interruption, so the worker has returned the delivery.
    await done;
    expect(worker.stats).toMatchObject({ lost: 1, done: 2 });
  });

  it('does not wait for a place any more', async () => {
    const { broker, client } = await startScene();
    const begun: string[] = [];
    const finish = gate();
    const worker = await startWorker(client, { queue: 'jobs', concurrency: 1, prefetch: 5 }, (message) => {
      begun.push(message.text());
      return finish.promise;
    });
    for (const body of ['a', 'b', 'c']) broker.publish({ routingKey: 'jobs', body });
    await broker.until(() => broker.queue('jobs')?.unacked === 3);
    await turns();
    const lost = told(worker, 'lost', 3);
    broker.faults.dropConnections();
    await lost;
    finish.open();
    await worker.ended;
    expect(begun).toEqual(['a']);
    expect(worker.stats).toMatchObject({ running: 0, waiting: 0, lost: 3 });
  });
});

describe('a worker whose client recovers', () => {
  it('goes on by itself: a job that the worker holds is reported, and runs again, its first outcome not written', async () => {
    const { broker, another } = await startScene();
    const client = await another({ recover: { minDelay: 1, maxDelay: 5 } });
    const first = gate<AbortSignal>();
    const finish = gate();
    const attempts: number[] = [];
    const worker = await startWorker(
      client,
      { queue: 'jobs', concurrency: 2, delay: 60_000 },
      async (_job, context) => {
        attempts.push(context.attempt);
        if (attempts.length > 1) return;
        first.open(context.signal);
        await finish.promise;
        throw new Error('late');
      },
    );
    broker.publish({ routingKey: 'jobs', body: 'x' });
    const signal = await first.promise;
    const done = told(worker, 'done');
    broker.faults.dropConnections();
    await done;
    expect(signal.aborted).toBe(true);
    expect(worker.stats).toMatchObject({ running: 1, lost: 1, done: 1 });
    finish.open();
    await broker.consumed('jobs');
    await turns();
    expect(attempts).toEqual([1, 2]);
    expect(worker.stats).toMatchObject({ running: 0, failed: 0, dead: 0 });
    expect(broker.queue('jobs.retry.60000')?.ready).toBe(0);
    broker.publish({ routingKey: 'jobs', body: 'y' });
    await told(worker, 'done');
    await worker.stop();
  });

  it('does not send a copy of a lost job over the next connection', async () => {
    const { broker, another } = await startScene();
    const client = await another({ recover: { minDelay: 1, maxDelay: 5 } });
    let begun = 0;
    const worker = await startWorker(client, { queue: 'jobs', delay: 60_000 }, () => {
      begun++;
      if (begun === 1) throw new Error('no');
    });
    broker.faults.dropInConfirm();
    broker.publish({ routingKey: 'jobs', body: 'x' });
    await told(worker, 'done');
    await broker.idle();
    // The copy had come to its queue before its confirm was lost; it is not sent again.
    expect(broker.queue('jobs.retry.60000')?.ready).toBe(1);
    expect(worker.stats).toMatchObject({ lost: 1, done: 1, failed: 1 });
  });

  it('keeps its place for a handler that does not heed its signal', async () => {
    const { broker, another } = await startScene();
    const client = await another({ recover: { minDelay: 1, maxDelay: 5 } });
    const finish = gate();
    let begun = 0;
    const worker = await startWorker(client, { queue: 'jobs', concurrency: 1 }, async () => {
      begun++;
      if (begun === 1) await finish.promise;
    });
    broker.publish({ routingKey: 'jobs', body: 'x' });
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await turns();
    const retried = told(worker, 'retried');
    broker.faults.dropConnections();
    await retried;
    await turns();
    expect(begun).toBe(1);
    const done = told(worker, 'done');
    finish.open();
    await done;
    expect(begun).toBe(2);
  });
});

describe('a redelivery', () => {
  it('runs where the queue is full and takes no count', async () => {
    const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    const { broker, another } = await startScene({ arguments: full });
    broker.publish({ routingKey: 'jobs', body: 'a' });
    await crashOn(await another(), 5);
    broker.publish({ routingKey: 'jobs', body: 'b' });
    broker.closeConnections();
    await broker.until(() => broker.queue('jobs')?.unacked === 0);
    const seen: string[] = [];
    await startWorker(await another(), { queue: 'jobs' }, (message, { attempt }) => {
      seen.push(`${message.text()} ${attempt}`);
    });
    await broker.consumed('jobs');
    expect(seen.sort()).toEqual(['a 2', 'b 1']);
  });

  it('is counted in the message, and reports that', async () => {
    const { broker, another } = await startScene();
    broker.publish({ routingKey: 'jobs', body: 'a' });
    await crashOn(await another(), 5);
    broker.closeConnections();
    await broker.until(() => broker.queue('jobs')?.unacked === 0);
    const attempts: number[] = [];
    const worker = await startWorker(await another(), { queue: 'jobs' }, ({ redelivered }, { attempt }) => {
      attempts.push(attempt);
      expect(redelivered).toBe(false);
    });
    await broker.consumed('jobs');
    expect(attempts).toEqual([2]);
    expect(worker.stats).toMatchObject({ done: 1, retried: 1, failed: 0 });
  });
});

it('sends a message whose headers cannot be read to the dead letters', async () => {
  const { broker, client } = await startScene();
  const worker = await startWorker(client, { queue: 'jobs' }, () => undefined);
  const deep: Record<string, unknown> = {};
  let inner = deep;
  for (let depth = 0; depth < 70; depth++) {
    const next = {};
    inner.in = next;
    inner = next;
  }
  const dead = told(worker, 'dead');
  const sender = new Client('amqp://', { transport: broker.transport(), maxTableDepth: 512 });
  await sender.connect();
  await sender.basicPublish({ routingKey: 'jobs', headers: deep as never, body: 'x' });
  expect((await dead)[1]).toBe('malformed');
  expect((await broker.published('jobs.dead'))[0]?.text()).toBe('x');
  await sender.close();
});

it('returns its unsettled jobs if the broker cancels only its consumer', async () => {
  const { broker, client, another } = await startScene();
  const finish = gate();
  const worker = await startWorker(client, { queue: 'jobs' }, () => finish.promise);
  broker.publish({ routingKey: 'jobs', body: 'a' });
  await broker.until(() => broker.queue('jobs')?.unacked === 1);
  await turns();
  const lost = told(worker, 'lost');
  broker.faults.cancelConsumers('jobs');
  await lost;
  // The connection is open, so the broker would not requeue the job by itself.
  const second = await startWorker(await another(), { queue: 'jobs' }, () => undefined);
  await told(second, 'done');
  finish.open();
  expect(await worker.ended).toMatchObject({ name: 'ConsumerCancelled' });
  expect(worker.stats).toMatchObject({ lost: 1, done: 0 });
});

it('leaves alone what its handler has settled by itself', async () => {
  const { broker, client } = await startScene();
  const worker = await startWorker(client, { queue: 'jobs' }, (message) => {
    message.reject({ requeue: false });
    if (message.text() === 'a') throw new Error('no');
  });
  const over = Promise.all([told(worker, 'done'), told(worker, 'failed')]);
  broker.publish({ routingKey: 'jobs', body: 'a' });
  broker.publish({ routingKey: 'jobs', body: 'b' });
  await over;
  await worker.stop();
  expect(worker.stats).toMatchObject({ done: 1, failed: 1, retried: 0, dead: 0, lost: 0, returned: 0 });
  expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
});

/** What a worker listens to at its client, and its consumer. */
function overheard(client: Client): { emit(name: string, ...values: readonly unknown[]): void; consumer: unknown } {
  const listeners = new Map<string, (...values: readonly unknown[]) => void>();
  const on = client.on.bind(client);
  const consume = client.basicConsume.bind(client);
  const heard = {
    emit: (name: string, ...values: readonly unknown[]) => listeners.get(name)?.(...values),
    consumer: undefined as unknown,
  };
  Object.assign(client, {
    on: (name: string, listener: (...values: readonly unknown[]) => void) => {
      listeners.set(name, listener);
      return on(name as 'closed', listener);
    },
    basicConsume: (...options: Parameters<typeof consume>) => {
      heard.consumer = consume(...options);
      return heard.consumer;
    },
  });
  return heard;
}
