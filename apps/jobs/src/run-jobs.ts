/** Publishes jobs, some of which fail, and works them off. Must not print. */
import { Client } from '@puka/client';
import { Discard, exponential, redrive, startWorker } from '@puka/worker';
import type { Progress } from './picture.ts';

/** How many, and how fast. */
export interface Plan {
  readonly count: number;
  readonly concurrency: number;
  /** What a job takes, in milliseconds. */
  readonly workMs: number;
  /** The first delay, in milliseconds. */
  readonly delayMs: number;
}

/** How it ended. */
export interface Outcome extends Progress {
  /** Dead letters that went back in the end, and are in the queue again. */
  readonly redriven: number;
}

const attempts = 4;

/** What becomes of a job: of ten one is hopeless, one is not wanted, three fail at first, and five are easy. */
export function fateOf(job: number): 'hopeless' | 'unwanted' | 'flaky' | 'easy' {
  const digit = job % 10;
  if (digit === 0) return 'hopeless';
  if (digit === 1) return 'unwanted';
  return digit < 5 ? 'flaky' : 'easy';
}

/** @param onProgress called at each event. */
export async function runJobs(url: string, plan: Plan, onProgress: (progress: Progress) => void): Promise<Outcome> {
  const { count, concurrency, workMs, delayMs } = plan;
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`the count of jobs is ${count}; it must be a whole number, 0 or more`);
  const client = new Client(url, { connectionName: 'jobs' });
  await client.connect();
  const queue = `jobs-${process.pid}-${Date.now()}`;
  const dead = `${queue}.dead`;
  const delay = exponential({ first: delayMs, most: delayMs * 4 });
  try {
    await client.queueDeclare({ queue, durable: true });
    await Promise.all(
      Array.from({ length: count }, (_, job) => client.basicPublish({ routingKey: queue, json: { job } })),
    );
    const parse = (message: { json(): unknown }): { job: number } => message.json() as { job: number }; // As published above.
    const worker = await startWorker(
      client,
      { queue, concurrency, attempts, delay, parse },
      async ({ job }, context) => {
        await new Promise((resolve) => setTimeout(resolve, workMs));
        const fate = fateOf(job);
        if (fate === 'unwanted') throw new Discard('nobody wants it');
        if (fate === 'hopeless') throw new Error('it cannot be done');
        if (fate === 'flaky' && context.attempt <= (job % 3) + 1) throw new Error('not this time');
      },
    );
    const progress = (): Progress => {
      const { running, done, failed, retried, dead: buried } = worker.stats;
      return { total: count, running, done, failed, dead: buried, waiting: Math.max(0, retried - came()) };
    };
    let again = 0;
    const came = (): number => again;
    worker.on('started', ({ attempt }) => {
      if (attempt > 1) again++;
    });
    await new Promise<void>((resolve, reject) => {
      worker.on('ended', (error) => reject(error ?? new Error('the worker was stopped')));
      const look = (): void => {
        const now = progress();
        onProgress(now);
        if (now.done + now.dead === count) resolve();
      };
      for (const event of ['started', 'done', 'retried', 'dead'] as const) worker.on(event, look);
      look();
    });
    const outcome = progress();
    await worker.stop();
    const { moved } = await redrive(client, {
      from: dead,
      filter: ({ headers }) => headers['puka-reason'] === 'attempts',
    });
    return { ...outcome, redriven: moved };
  } finally {
    const delays = delay.map((ms) => `${queue}.retry.${ms}`);
    await Promise.all([queue, dead, ...delays].map((name) => client.queueDelete({ queue: name })));
    await client.close();
  }
}
