import { AsyncLocalStorage } from 'node:async_hooks';
import { type Message, NotFound, PreconditionFailed, UsageError } from '@puka/client';
import {
  type BatchContext,
  Discard,
  type JobContext,
  Later,
  type Parse,
  type StandardSchema,
  type StandardSchemaResult,
  startWorker,
} from '@puka/worker';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { startScene, told, turns } from './scene.ts';

describe('a job', () => {
  it('is acked when its handler has returned, at once or later', async () => {
    const { broker, client } = await startScene();
    const seen: string[] = [];
    const worker = await startWorker(client, { queue: 'jobs' }, (message) => {
      seen.push(message.text());
      return message.text() === 'a' ? undefined : turns();
    });
    broker.publish({ routingKey: 'jobs', body: 'a' });
    broker.publish({ routingKey: 'jobs', body: 'b' });
    await broker.consumed('jobs');
    expect(seen).toEqual(['a', 'b']);
    expect(worker.stats).toMatchObject({ running: 0, waiting: 0, done: 2, failed: 0, durations: { count: 2 } });
  });

  it("has a body of its own until it is settled, with bodies: 'lent', and the same one at the next attempt", async () => {
    const { broker, client, runtime } = await startScene();
    const body = 'x'.repeat(50_000);
    const seen: (readonly [Message, Uint8Array])[] = [];
    const options = { queue: 'jobs', delay: 100, bodies: 'lent', runtime } as const;
    const worker = await startWorker(client, options, (message, { attempt }) => {
      seen.push([message, message.body]);
      expect(message.text()).toBe(body);
      if (attempt < 2) throw new Error('no');
    });
    broker.publish({ routingKey: 'jobs', body });
    await told(worker, 'retried');
    await Promise.all([told(worker, 'done'), broker.advance(100)]);
    expect(seen.map(([message, view]) => [message.bodySize, message.body.length, view.length])).toEqual([
      [50_000, 0, 0],
      [50_000, 0, 0],
    ]);
  });

  it('comes again after its delays, at the attempts they are', async () => {
    const { broker, client, runtime } = await startScene();
    const attempts: number[] = [];
    const options = { queue: 'jobs', attempts: 3, delay: [100, 5000], runtime };
    const worker = await startWorker(client, options, (_job, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error(`no ${attempt}`);
    });
    broker.publish({ routingKey: 'jobs', body: 'x', messageId: 'm-1' });
    await told(worker, 'retried');
    expect(broker.queue('jobs.retry.100')?.ready).toBe(1);
    await broker.advance(99);
    await turns();
    expect(attempts).toEqual([1]);
    await Promise.all([told(worker, 'retried'), broker.advance(1)]);
    expect(attempts).toEqual([1, 2]);
    expect(broker.queue('jobs.retry.5000')?.ready).toBe(1);
    await Promise.all([told(worker, 'done'), broker.advance(5000)]);
    expect(attempts).toEqual([1, 2, 3]);
    await broker.idle();
    expect(broker.queue('jobs.dead')?.ready).toBe(0);
    expect(worker.stats).toMatchObject({ done: 1, failed: 2, retried: 2, dead: 0 });
  });

  it('goes to the dead letters after its last attempt, with what happened in headers', async () => {
    const { broker, client, clock, runtime } = await startScene();
    await client.queueBind({ queue: 'jobs', exchange: 'amq.topic', routingKey: 'mail.#' });
    const worker = await startWorker(client, { queue: 'jobs', attempts: 2, delay: 1000, runtime }, () => {
      throw new TypeError('no such address');
    });
    const job = { exchange: 'amq.topic', routingKey: 'mail.new', body: 'x', messageId: 'm-1', headers: { own: 7 } };
    broker.publish(job);
    await told(worker, 'retried');
    clock.advance(1500);
    const [[, reason]] = await Promise.all([told(worker, 'dead'), broker.advance(1000)]);
    expect(reason).toBe('attempts');
    const [dead] = await broker.published('jobs.dead');
    expect(dead?.text()).toBe('x');
    expect(dead?.properties).toMatchObject({ messageId: 'm-1', deliveryMode: 2 });
    expect({ ...dead?.headers }).toEqual({
      own: 7,
      'puka-queue': 'jobs',
      'puka-exchange': 'amq.topic',
      'puka-routing-key': 'mail.new',
      'puka-attempts': 2,
      'puka-first-attempt': '2030-01-01T00:00:00.000Z',
      'puka-last-attempt': '2030-01-01T00:00:01.500Z',
      'puka-error-name': 'TypeError',
      'puka-error': 'no such address',
      'puka-reason': 'attempts',
    });
    await broker.consumed('jobs');
  });

  it('has the exchange and the key it was published with at every attempt', async () => {
    const { broker, client } = await startScene();
    await client.queueBind({ queue: 'jobs', exchange: 'amq.topic', routingKey: 'mail.#' });
    const seen: string[] = [];
    const options = { queue: 'jobs', attempts: 2, delay: 50 };
    const worker = await startWorker(client, options, (_job, { exchange, routingKey, message }) => {
      seen.push(`${exchange}/${routingKey} ${message.exchange}/${message.routingKey}`);
      throw new Error('no');
    });
    broker.publish({ exchange: 'amq.topic', routingKey: 'mail.new' });
    await told(worker, 'retried');
    await Promise.all([told(worker, 'dead'), broker.advance(50)]);
    expect(seen).toEqual(['amq.topic/mail.new amq.topic/mail.new', 'amq.topic/mail.new /jobs']);
  });

  it('goes to the dead letters at once by Discard', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs' }, () => {
      throw new Discard('nobody wants it');
    });
    broker.publish({ routingKey: 'jobs' });
    await told(worker, 'dead');
    const [dead] = await broker.published('jobs.dead');
    expect(dead?.headers).toMatchObject({
      'puka-reason': 'discarded',
      'puka-error': 'nobody wants it',
      'puka-attempts': 1,
    });
  });

  it('chooses its own delay by Later, rounded up to one of few queues', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 60_000 }, (_job, { attempt }) => {
      if (attempt === 1) throw new Later(2300);
    });
    broker.publish({ routingKey: 'jobs' });
    await told(worker, 'retried');
    expect(broker.queue('jobs.retry.3000')?.ready).toBe(1);
    await Promise.all([told(worker, 'done'), broker.advance(3000)]);
  });

  it('has the delay in doubt where the function given as delay fails', async () => {
    const { broker, client, runtime, warnings } = await startScene();
    const delay = (): number => Number.NaN;
    const worker = await startWorker(client, { queue: 'jobs', delay, runtime }, () => {
      throw new Error('no');
    });
    broker.publish({ routingKey: 'jobs' });
    await told(worker, 'retried');
    expect(broker.queue('jobs.retry.60000')?.ready).toBe(1);
    expect(warnings).toEqual([expect.any(UsageError)]);
  });

  it('is rejected, as its queue says, where there is no dead-letter queue', async () => {
    const toOthers = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'others' };
    const { broker, client } = await startScene({ arguments: toOthers });
    await client.queueDeclare({ queue: 'others', durable: true });
    const worker = await startWorker(client, { queue: 'jobs', attempts: 1, deadLetter: false }, () => {
      throw new Error('no');
    });
    broker.publish({ routingKey: 'jobs', body: 'x' });
    await told(worker, 'dead');
    expect((await broker.published('others'))[0]?.text()).toBe('x');
    expect(broker.queue('jobs.dead')).toBeUndefined();
  });
});

describe('parse', () => {
  it('makes the job, and sends what does not fit to the dead letters with the issues', async () => {
    const { broker, client } = await startScene();
    const jobs: unknown[] = [];
    const parse = z.object({ to: z.string() });
    const worker = await startWorker(client, { queue: 'jobs', parse }, (job) => {
      expectTypeOf(job).toEqualTypeOf<{ to: string }>();
      jobs.push(job);
    });
    broker.publish({ routingKey: 'jobs', body: '{"to":7}' });
    broker.publish({ routingKey: 'jobs', body: '{"to":"a"}' });
    await Promise.all([told(worker, 'dead'), told(worker, 'done')]);
    expect(jobs).toEqual([{ to: 'a' }]);
    const [dead] = await broker.published('jobs.dead');
    expect(dead?.headers).toMatchObject({ 'puka-reason': 'invalid', 'puka-error-name': 'InvalidJob' });
    expect(JSON.parse(String(dead?.headers['puka-issues']))).toEqual([{ message: expect.any(String), path: 'to' }]);
    expect(worker.stats).toMatchObject({ done: 1, failed: 0, dead: 1 });
  });
});

describe('the types', () => {
  it('of the handler follow parse and batch', () => {
    const never = (): Promise<unknown>[] => {
      const client = undefined as never;
      const queue = 'jobs';
      return [
        startWorker(client, { queue }, (job, context) => {
          expectTypeOf(job).toEqualTypeOf<Message>();
          expectTypeOf(context).toEqualTypeOf<JobContext>();
          expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
        }),
        startWorker(client, { queue, parse: (message) => message.bodySize }, (job) => {
          expectTypeOf(job).toEqualTypeOf<number>();
        }),
        startWorker(
          client,
          { queue, parse: async (message) => message.text(), batch: { size: 2 } },
          (jobs, context) => {
            expectTypeOf(jobs).toEqualTypeOf<readonly string[]>();
            expectTypeOf(context).toEqualTypeOf<BatchContext<string>>();
          },
        ),
        startWorker(client, { queue, batch: { size: 2 } }, (jobs) => {
          expectTypeOf(jobs).toEqualTypeOf<readonly Message[]>();
        }),
      ];
    };
    expect(never).toBeTypeOf('function');
  });
});

describe('starting', () => {
  it('fails where the queue is not there', async () => {
    const { client } = await startScene();
    await expect(startWorker(client, { queue: 'none' }, () => undefined)).rejects.toBeInstanceOf(NotFound);
  });

  it('fails where a delay queue is there with other arguments', async () => {
    const { client } = await startScene();
    await client.queueDeclare({ queue: 'jobs.retry.1000', durable: true });
    const starting = startWorker(client, { queue: 'jobs', delay: 1000 }, () => undefined);
    await expect(starting).rejects.toBeInstanceOf(PreconditionFailed);
  });

  it('fails if the broker refuses to consume, and leaves no listener', async () => {
    const { client, another } = await startScene();
    const other = await another();
    await other.basicConsume({ queue: 'jobs', exclusive: true }).ready;
    await expect(startWorker(client, { queue: 'jobs' }, () => undefined)).rejects.toMatchObject({ replyCode: 403 });
  });

  it('fails for a handler that is none', async () => {
    const { client } = await startScene();
    await expect(startWorker(client, { queue: 'jobs' }, undefined as never)).rejects.toBeInstanceOf(UsageError);
  });

  it('takes a dead-letter queue as it is', async () => {
    const { broker, client } = await startScene();
    await client.queueDeclare({ queue: 'jobs.dead', durable: true, arguments: { 'x-max-length': 5 } });
    const worker = await startWorker(client, { queue: 'jobs' }, () => {
      throw new Discard('no');
    });
    broker.publish({ routingKey: 'jobs' });
    await told(worker, 'dead');
    expect(broker.queue('jobs.dead')?.ready).toBe(1);
  });
});

it('treats a schema that is also a function as a schema, in its types too', async () => {
  interface Faults {
    readonly issues: readonly { readonly message: string }[];
  }
  interface Callable<Output> extends StandardSchema<Output> {
    (value: unknown): Output | Faults;
  }
  const validate = (value: unknown): StandardSchemaResult<number> =>
    typeof value === 'number' ? { value } : { issues: [{ message: 'must be a number' }] };
  const schema: Callable<number> = Object.assign((value: unknown) => validate(value) as Faults, {
    '~standard': { version: 1, vendor: 'test', validate } as const,
  });
  const { broker, client } = await startScene();
  const seen: number[] = [];
  const worker = await startWorker(client, { queue: 'jobs', parse: schema }, (job) => {
    expectTypeOf(job).toEqualTypeOf<number>();
    seen.push(job);
  });
  const dead = told(worker, 'dead');
  for (const body of ['7', '"seven"']) broker.publish({ routingKey: 'jobs', body });
  expect((await dead)[1]).toBe('invalid');
  expect(seen).toEqual([7]);
  // The types also accept a parser that may be either.
  const either: Parse<{ readonly to: string }> = (message) => message.json<{ to: string }>();
  const batch = { size: 1 };
  const other = startWorker(client, { queue: 'jobs', parse: either, batch }, (jobs) => {
    expectTypeOf(jobs).toEqualTypeOf<readonly { readonly to: string }[]>();
  });
  await other;
});

describe('the work on jobs', () => {
  /** A client whose listener writes down the work, and runs each in its own context. */
  async function observed() {
    const scene = await startScene();
    const storage = new AsyncLocalStorage<string>();
    const lines: string[] = [];
    const client = await scene.another({
      diagnostics: {
        processStarted: ({ messages, by }) => {
          const name = messages.map((message) => message.text()).join('+');
          lines.push(`${name} by ${by}`);
          return name;
        },
        runProcess: (slot, work) => storage.run(String(slot), work),
        processEnded: (slot, _process, error) => {
          lines.push(`${slot} ended${error instanceof Error ? ` ${error.message}` : ''}`);
        },
      },
    });
    return { ...scene, client, storage, lines };
  }

  it('is the run of the handler, in a context of its own, however many wait behind it', async () => {
    const { broker, client, storage, lines } = await observed();
    const seen: string[] = [];
    const worker = await startWorker(
      client,
      { queue: 'jobs', concurrency: 1, prefetch: 10, delay: 10 },
      async (job) => {
        await Promise.resolve();
        seen.push(`${job.text()} in ${storage.getStore()}`);
        if (job.text() === 'b') throw new Discard('no');
      },
    );
    const over = Promise.all([told(worker, 'done', 2), told(worker, 'dead')]);
    for (const body of ['a', 'b', 'c']) broker.publish({ routingKey: 'jobs', body });
    await over;
    expect(seen).toEqual(['a in a', 'b in b', 'c in c']);
    expect(lines).toEqual(['a by process', 'a ended', 'b by process', 'b ended no', 'c by process', 'c ended']);
  });

  it('of a batch is one', async () => {
    const { broker, client, storage, lines } = await observed();
    const seen: unknown[] = [];
    const worker = await startWorker(client, { queue: 'jobs', batch: { size: 2, wait: 10 } }, async () => {
      await Promise.resolve();
      seen.push(storage.getStore());
    });
    const over = told(worker, 'done', 4);
    for (const body of ['a', 'b', 'c', 'd']) broker.publish({ routingKey: 'jobs', body });
    await over;
    expect(seen).toEqual(['a+b', 'c+d']);
    expect(lines).toEqual(['a+b by process', 'a+b ended', 'c+d by process', 'c+d ended']);
  });

  it('runs in the async context of startWorker, after the first as well', async () => {
    const { broker, client } = await startScene();
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const worker = await storage.run('start', () =>
      startWorker(client, { queue: 'jobs', concurrency: 2 }, async (job) => {
        await Promise.resolve();
        seen.push(storage.getStore());
        if (job.text() === '0') throw new Error('no');
      }),
    );
    const over = told(worker, 'done', 5);
    storage.run('publisher', () => {
      for (let job = 0; job < 6; job++) broker.publish({ routingKey: 'jobs', body: `${job}` });
    });
    await over;
    expect(new Set(seen)).toEqual(new Set(['start']));
  });
});
