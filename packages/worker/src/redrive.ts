/** Moves dead letters back to the queues of their jobs. Must not lose one: each is confirmed there before it is acked here. */
import type { Client, Message } from '@puka/client';
import { UsageError } from '@puka/errors';
import { atOnce, isThenable } from './at-once.ts';
import { type CallForm, checkFunction, checkOptions, kindOf } from './check-options.ts';
import { queueOf, redriveCopyOf } from './job-headers.ts';
import type { JobSignal } from './runtime.ts';

/** What `redrive` takes. */
export interface RedriveOptions {
  /** The queue of the dead letters. */
  readonly from: string;
  /** The queue they go to. Default: for each the one it came from, as the worker (or the broker, as it dead-lettered it) has written. */
  readonly to?: string | undefined;
  /** Returns `true` for the messages to move. It must not return a promise. Default: all are moved. */
  readonly filter?: ((message: Message) => boolean) | undefined;
  /** How many messages are moved at most, a whole number or `Infinity`. Default: no limit. */
  readonly limit?: number | undefined;
  /** Called after each message was checked. An error that it or `filter` throws ends the redrive. */
  readonly onProgress?: ((progress: RedriveProgress) => void) | undefined;
  /**
   * Ends the redrive at once: messages that were not moved stay, and the promise rejects with `signal.reason`. Messages that are
   * being moved at that moment may be duplicated.
   */
  readonly signal?: JobSignal | undefined;
}

/** How far a redrive has come. */
export interface RedriveProgress {
  /** Dead letters that went back. */
  readonly moved: number;
  /** Those that stay: `filter` did not return `true`, or it is not known where they came from. */
  readonly kept: number;
  /** How many there were at the beginning. */
  readonly total: number;
}

/** How a redrive has ended. */
export interface RedriveResult extends RedriveProgress {
  /** Every dead letter that was there at the beginning has been looked at. */
  readonly isComplete: boolean;
}

const redriveForm: CallForm<RedriveOptions> = {
  call: 'redrive',
  example: "redrive(client, { from: 'jobs.dead' })",
  options: { from: true, to: true, filter: true, limit: true, onProgress: true, signal: true },
};

/** How many are under way at a time. */
const windowSize = 32;
/** Those that stay are held until the end, or they would come again and again. So many at most. */
const maxKept = 10_000;

/**
 * Moves dead letters back: those that are there now, oldest first, each confirmed in its queue before it is acked here; a crash
 * in between duplicates it. They start again at attempt 1. Ends when all have been checked, at `limit`, or when 10 000 stay.
 *
 * @throws (rejects) {UsageError} for options out of their range; {NotFound} if `from` does not exist; {NoRoute} if a target queue
 * does not exist; an error that `filter` or `onProgress` throws. Messages that were not moved stay.
 *
 * @example
 * ```ts
 * import { Client } from '@puka/client';
 * import { redrive } from '@puka/worker';
 *
 * const client = new Client('amqp://localhost');
 * await client.connect();
 * const { moved } = await redrive(client, { from: 'mails.dead', filter: ({ headers }) => headers['puka-reason'] === 'attempts' });
 * console.log(`${moved} go again`);
 * await client.close();
 * ```
 */
export async function redrive(client: Client, options: RedriveOptions): Promise<RedriveResult> {
  checkOptions(redriveForm, options);
  const { from, to, limit = Number.POSITIVE_INFINITY, filter, onProgress, signal } = options;
  if (typeof from !== 'string' || from === '') throw new UsageError('redrive takes the name of a queue as `from`');
  if (to !== undefined && (typeof to !== 'string' || to === '' || to === from)) {
    throw new UsageError('redrive takes the name of another queue as `to`');
  }
  if (!(limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 0))) {
    throw new UsageError(`redrive: limit must be a whole number from 0, or Infinity, not ${String(limit)}`);
  }
  checkFunction('filter', filter, "filter: ({ headers }) => headers['puka-reason'] === 'attempts'");
  checkFunction('onProgress', onProgress, 'onProgress: ({ moved, total }) => console.log(moved, total)');
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new UsageError(`signal is ${kindOf(signal)}; it takes an AbortSignal`);
  }
  const { messageCount: total } = await client.queueDeclare({ queue: from, passive: true, signal });
  return await new Redrive(client, options, total, limit).run();
}

class Redrive {
  private readonly client: Client;
  private readonly options: RedriveOptions;
  private readonly total: number;
  private readonly limit: number;
  private readonly kept: Message[] = [];
  /** Taken from the queue, be they moved or kept. */
  private taken = 0;
  /** Under way to their queue, or there. */
  private chosen = 0;
  private moved = 0;
  private isEmpty = false;
  private failure: { readonly error: unknown } | undefined = undefined;

  constructor(client: Client, options: RedriveOptions, total: number, limit: number) {
    this.client = client;
    this.options = options;
    this.total = total;
    this.limit = limit;
  }

  async run(): Promise<RedriveResult> {
    try {
      await Promise.all(Array.from({ length: windowSize }, () => this.moveAll()));
    } finally {
      for (const message of this.kept) if (!message.isSettled) message.nack();
    }
    if (this.failure !== undefined) throw this.failure.error;
    const isComplete = this.isEmpty || this.taken >= this.total;
    return { moved: this.moved, kept: this.kept.length, total: this.total, isComplete };
  }

  private async moveAll(): Promise<void> {
    while (this.goesOn) {
      this.taken++;
      this.chosen++;
      let message: Message | null = null;
      try {
        message = await this.client.basicGet({ queue: this.options.from, signal: this.options.signal });
        if (message === null) {
          this.taken--;
          this.chosen--;
          this.isEmpty = true;
          return;
        }
        await this.move(message);
      } catch (error) {
        if (message?.isSettled === false) message.nack();
        this.failure ??= { error };
      }
    }
  }

  private get goesOn(): boolean {
    const { signal } = this.options;
    if (signal?.aborted === true) this.failure ??= { error: signal.reason };
    if (this.failure !== undefined || this.isEmpty) return false;
    return this.taken < this.total && this.chosen < this.limit && this.kept.length < maxKept;
  }

  private async move(message: Message): Promise<void> {
    const { to = queueOf(message), filter, onProgress, signal } = this.options;
    if (to === undefined || (filter !== undefined && !atOnce(filter(message), 'filter'))) {
      this.kept.push(message);
      this.chosen--;
    } else {
      await this.client.basicPublish({ ...redriveCopyOf(message), routingKey: to, mandatory: true, signal });
      message.ack();
      this.moved++;
    }
    const returned: unknown = onProgress?.({ moved: this.moved, kept: this.kept.length, total: this.total });
    if (isThenable(returned)) await returned;
  }
}
