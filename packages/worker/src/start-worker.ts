/** Starts a worker: checks its options, makes the queues that are its own, and subscribes. Must not run a job. */
import { type Client, type Message, NotFound } from '@puka/client';
import { UsageError } from '@puka/errors';
import { BatchRunner } from './batch-runner.ts';
import { WorkerCore } from './core.ts';
import { DelayQueues } from './delay-queues.ts';
import { scheduleOf } from './delays.ts';
import { Events } from './events.ts';
import type { BatchHandler, BatchOptions, Handler, Parse, Parsed, WorkerOptions } from './options.ts';
import { type AnyOptions, type Settings, settingsOf } from './settings.ts';
import { SingleRunner } from './single-runner.ts';
import { Worker } from './worker.ts';

/**
 * Starts a worker over a connected client. It resolves when the worker consumes.
 *
 * A handler that returns has done its job, which is acked. One that throws has failed: the job comes again after its delay, which the
 * broker keeps, and goes to the dead letters after its last attempt. `throw new Discard(reason)` sends it there at once,
 * `throw new Later(ms)` chooses the delay. A job may run more than once: its work must allow that.
 *
 * @param client stays yours: the worker neither connects nor closes it.
 * @param options with `parse` the handler gets what that makes of the message, else the message; with `batch` arrays of them.
 * @throws (rejects) {UsageError} for an option out of its range; {NotFound} if the queue does not exist; {PreconditionFailed} if
 * a delay queue exists with other arguments; any other refusal of the broker.
 *
 * @example
 * ```ts
 * import { Client } from '@puka/client';
 * import { Discard, exponential, startWorker } from '@puka/worker';
 *
 * declare function send(mail: { to: string }, signal: AbortSignal): Promise<void>;
 *
 * const client = new Client('amqp://localhost');
 * await client.connect();
 * await client.queueDeclare({ queue: 'mails', durable: true });
 * const worker = await startWorker(
 *   client,
 *   { queue: 'mails', concurrency: 8, attempts: 5, delay: exponential({ first: 1000, most: 60_000 }) },
 *   async (message, { signal }) => {
 *     const mail = message.json<{ to?: string }>();
 *     if (mail.to === undefined) throw new Discard('there is no recipient');
 *     await send({ to: mail.to }, signal);
 *   },
 * );
 * await worker.stop();
 * ```
 */
export function startWorker<Parser extends Parse<unknown>>(
  client: Client,
  options: WorkerOptions & { readonly parse: Parser; readonly batch: BatchOptions },
  handler: BatchHandler<Parsed<Parser>>,
): Promise<Worker>;
export function startWorker<Parser extends Parse<unknown>>(
  client: Client,
  options: WorkerOptions & { readonly parse: Parser; readonly batch?: undefined },
  handler: Handler<Parsed<Parser>>,
): Promise<Worker>;
export function startWorker(
  client: Client,
  options: WorkerOptions & { readonly parse?: undefined; readonly batch: BatchOptions },
  handler: BatchHandler<Message>,
): Promise<Worker>;
export function startWorker(
  client: Client,
  options: WorkerOptions & { readonly parse?: undefined; readonly batch?: undefined },
  handler: Handler<Message>,
): Promise<Worker>;
export async function startWorker(
  client: Client,
  options: AnyOptions,
  handler: Handler<never> | BatchHandler<never>,
): Promise<Worker> {
  const settings = settingsOf(options);
  if (typeof handler !== 'function') {
    throw new UsageError(
      "startWorker takes a handler: startWorker(client, { queue: 'jobs' }, async (message) => { … })",
    );
  }
  const { queue, queueType, prefetch, consumeArguments, bodies, runtime } = settings;
  const delays = new DelayQueues(client, queue, queueType, () => runtime.now());
  await makeQueues(client, settings, delays);
  const events = new Events((error) => runtime.warn('a listener of a worker failed', error));
  const { parse } = options;
  const core = new WorkerCore(client, settings, delays, events, (host) =>
    // The overloads type the job of each handler.
    settings.batch === undefined
      ? new SingleRunner<never>(host, handler as Handler<never>, parse as Parse<never> | undefined)
      : new BatchRunner<never>(host, handler as BatchHandler<never>, parse as Parse<never> | undefined),
  );
  let worker: Worker | undefined;
  let failure: { readonly error: unknown } | undefined;
  const consumer = client.basicConsume(
    { queue, prefetchCount: prefetch, arguments: consumeArguments, bodies, processing: 'manual' },
    (error, message) => {
      if (message !== undefined) return core.receive(message);
      if (worker === undefined) failure = { error };
      else Worker.consumerEnded(worker, error);
      return undefined;
    },
  );
  // Before anything can come: what is lost from now on has to be noticed.
  worker = new Worker(client, core, delays, consumer);
  try {
    await consumer.ready;
  } catch (error) {
    Worker.consumerEnded(worker, error);
    throw error;
  }
  if (failure !== undefined) throw failure.error;
  return worker;
}

/** Looks for the queue, and makes what is the worker's own. */
async function makeQueues(client: Client, settings: Settings, delays: DelayQueues): Promise<void> {
  const { queue, deadLetter, queueType, delay } = settings;
  await client.queueDeclare({ queue, passive: true });
  if (deadLetter !== false && !(await isThere(client, deadLetter))) {
    await client.queueDeclare({ queue: deadLetter, durable: true, arguments: { 'x-queue-type': queueType } });
  }
  await Promise.all(scheduleOf(delay).map((each) => delays.ensure(each)));
}

async function isThere(client: Client, queue: string): Promise<boolean> {
  try {
    await client.queueDeclare({ queue, passive: true });
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}
