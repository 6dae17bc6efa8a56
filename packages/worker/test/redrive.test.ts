import { NoRoute, NotFound, UsageError } from '@puka/errors';
import { type RedriveProgress, redrive, startWorker } from '@puka/worker';
import { describe, expect, it } from 'vitest';
import { type Scene, startScene, told, turns } from './scene.ts';

/** Puts so many dead letters there: 0, 1, 2 … */
async function buried(count: number): Promise<Scene> {
  const scene = await startScene();
  const { broker, client } = scene;
  const worker = await startWorker(client, { queue: 'jobs', attempts: 1 }, () => {
    throw new Error('no');
  });
  const dead = told(worker, 'dead', count);
  for (let job = 0; job < count; job++) broker.publish({ routingKey: 'jobs', body: `${job}`, headers: { own: job } });
  await dead;
  await worker.stop();
  await broker.consumed('jobs');
  broker.forgetPublished();
  return scene;
}

describe('redrive', () => {
  it('moves dead letters back to where they came from, to begin anew', async () => {
    const { broker, client } = await buried(3);
    const progress: RedriveProgress[] = [];
    const result = await redrive(client, { from: 'jobs.dead', onProgress: (each) => progress.push(each) });
    expect(result).toEqual({ moved: 3, kept: 0, total: 3, isComplete: true });
    expect(progress.map(({ moved }) => moved)).toEqual([1, 2, 3]);
    await broker.consumed('jobs.dead');
    const jobs = await broker.published('jobs', 3);
    expect(jobs.map((job) => job.text()).sort()).toEqual(['0', '1', '2']);
    expect({ ...jobs[0]?.headers }).toEqual({
      ...{ own: 0, 'puka-queue': 'jobs', 'puka-exchange': '', 'puka-routing-key': 'jobs' },
    });
    const attempts: number[] = [];
    await startWorker(client, { queue: 'jobs' }, (_job, { attempt }) => void attempts.push(attempt));
    await broker.consumed('jobs');
    expect(attempts).toEqual([1, 1, 1]);
  });

  it('moves those that the filter wants, and no more than the limit; the others stay', async () => {
    const { broker, client } = await buried(10);
    await client.queueDeclare({ queue: 'others', durable: true });
    const filter = (message: { text(): string }): boolean => Number(message.text()) % 2 === 1;
    const result = await redrive(client, { from: 'jobs.dead', to: 'others', filter, limit: 3 });
    expect(result).toMatchObject({ moved: 3, total: 10 });
    expect((await broker.published('others', 3)).map((job) => job.text()).sort()).toEqual(['1', '3', '5']);
    await broker.until(() => broker.queue('jobs.dead')?.unacked === 0);
    expect(broker.queue('jobs.dead')?.ready).toBe(7);
    const rest = await redrive(client, { from: 'jobs.dead', to: 'others', filter });
    expect(rest).toEqual({ moved: 2, kept: 5, total: 7, isComplete: true });
  });

  it('keeps what came from an unknown place', async () => {
    const { broker, client } = await startScene();
    await client.queueDeclare({ queue: 'dead', durable: true });
    broker.publish({ routingKey: 'dead', body: 'x' });
    expect(await redrive(client, { from: 'dead' })).toEqual({ moved: 0, kept: 1, total: 1, isComplete: true });
    await broker.until(() => broker.queue('dead')?.ready === 1);
  });

  it('moves what RabbitMQ itself has dead-lettered', async () => {
    const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
    const { broker, client } = await startScene({ arguments: toDead });
    await client.queueDeclare({ queue: 'dead', durable: true });
    broker.publish({ routingKey: 'jobs', body: 'x' });
    (await client.basicGet({ queue: 'jobs' }))?.reject({ requeue: false });
    await broker.published('dead');
    expect(await redrive(client, { from: 'dead' })).toMatchObject({ moved: 1 });
    expect(broker.queue('jobs')?.messages[0]?.headers).not.toHaveProperty('x-death');
  });

  it('acks nothing here that is not confirmed there', async () => {
    const { broker, client } = await buried(3);
    broker.faults.nackPublishes(1);
    await expect(redrive(client, { from: 'jobs.dead' })).rejects.toMatchObject({ name: 'PublishNacked' });
    await broker.until(() => broker.queue('jobs.dead')?.unacked === 0);
    const { ready = 0 } = broker.queue('jobs.dead') ?? {};
    expect(ready + (broker.queue('jobs')?.ready ?? 0)).toBe(3);
    expect(ready).toBeGreaterThan(0);
  });

  it('fails where the queue they go to is not there, and leaves them', async () => {
    const { broker, client } = await buried(2);
    await expect(redrive(client, { from: 'jobs.dead', to: 'none' })).rejects.toBeInstanceOf(NoRoute);
    await broker.until(() => broker.queue('jobs.dead')?.ready === 2);
  });

  it('ends with its signal, and leaves what was not moved', async () => {
    const { broker, client } = await buried(100);
    const aborter = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ moved }: RedriveProgress): void => {
      if (moved === 5) aborter.abort(reason);
    };
    const { signal } = aborter;
    await expect(redrive(client, { from: 'jobs.dead', signal, onProgress })).rejects.toBe(reason);
    await broker.until(() => broker.queue('jobs.dead')?.unacked === 0);
    const moved = broker.queue('jobs')?.ready ?? 0;
    expect(moved).toBeLessThan(50);
    expect(moved + (broker.queue('jobs.dead')?.ready ?? 0)).toBe(100);
  });

  it('fails with what the filter throws, and leaves that one', async () => {
    const { broker, client } = await buried(1);
    const filter = (): never => {
      throw new RangeError('no');
    };
    await expect(redrive(client, { from: 'jobs.dead', filter })).rejects.toBeInstanceOf(RangeError);
    await broker.until(() => broker.queue('jobs.dead')?.ready === 1);
  });

  it.each([{ from: '' }, { from: 'a', to: 'a' }, { from: 'a', to: '' }, { from: 'a', limit: -1 }])(
    'refuses %o',
    async (options) => {
      const { client } = await startScene();
      await expect(redrive(client, options)).rejects.toBeInstanceOf(UsageError);
    },
  );

  it('fails where there is no such queue', async () => {
    const { client } = await startScene();
    await expect(redrive(client, { from: 'none' })).rejects.toBeInstanceOf(NotFound);
  });

  it('ends with its signal even if the broker is short of memory and does not answer', async () => {
    const { broker, client } = await buried(3);
    broker.block();
    const controller = new AbortController();
    const redriving = redrive(client, { from: 'jobs.dead', signal: controller.signal });
    await broker.until(() => broker.queue('jobs.dead')?.unacked === 3);
    await turns();
    controller.abort('enough');
    await expect(redriving).rejects.toBe('enough');
    broker.unblock();
    await broker.until(() => broker.queue('jobs.dead')?.unacked === 0);
    expect(broker.queue('jobs.dead')?.ready).toBe(3);
  });
});

describe('a redrive with wrong options', () => {
  it.each<
    [string, (typeof redrive extends (client: never, options: infer Options) => unknown ? Options : never)['filter']]
  >([
    ['a promise', (async () => false) as never],
    ['a promise that rejects', (async () => Promise.reject(new Error('no'))) as never],
  ])('moves nothing if filter returns %s', async (_what, filter) => {
    const { broker, client } = await buried(2);
    await expect(redrive(client, { from: 'jobs.dead', filter })).rejects.toThrow(/filter returned a promise/);
    await broker.until(() => broker.queue('jobs.dead')?.ready === 2);
    expect(broker.queue('jobs')?.ready).toBe(0);
  });

  it('leaves messages for which filter returns undefined', async () => {
    const { client } = await buried(2);
    const filter = ((): undefined => undefined) as unknown as () => boolean;
    expect(await redrive(client, { from: 'jobs.dead', filter })).toMatchObject({ moved: 0, kept: 2 });
  });

  it('ends with the error of onProgress, even if a promise rejects with it', async () => {
    const { client } = await buried(2);
    const failed = new Error('no screen');
    const onProgress = async (): Promise<void> => {
      throw failed;
    };
    await expect(redrive(client, { from: 'jobs.dead', onProgress })).rejects.toBe(failed);
  });

  it.each([
    { from: 'd', form: 'e' },
    { from: 'd', limit: 1.5 },
    { from: 'd', limit: Number.NaN },
    { from: 'd', limit: '5' },
    { from: 'd', to: 5 },
    { from: 'd', filter: 'all' },
    { from: 'd', onProgress: {} },
    { from: 'd', signal: new AbortController() },
    { from: 'd', signal: null },
    undefined,
  ])('refuses %o', async (options) => {
    const { client } = await startScene();
    await expect(redrive(client, options as never)).rejects.toBeInstanceOf(UsageError);
  });
});
