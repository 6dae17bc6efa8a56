/** What a worker takes and what its handler gets. Types only. */
import type { FieldTableInput, Message } from '@puka/client';
import type { Delay } from './delays.ts';
import type { JobSignal, WorkerRuntime } from './runtime.ts';
import type { StandardSchema } from './standard-schema.ts';

/** The options of `startWorker`. */
export interface WorkerOptions {
  /** The queue of the jobs, up to 238 bytes. It must exist, and must not be a stream. */
  readonly queue: string;
  /** Most handlers (of batches: most batches) at a time, 1 to 65 535. Default 1. */
  readonly concurrency?: number | undefined;
  /**
   * Most jobs received and not settled, up to 65 535, at least `concurrency` × the size of a batch. Default that least, with
   * `key` four times of it. A larger value saves a handler the round trip to the broker between two short jobs.
   */
  readonly prefetch?: number | undefined;
  /**
   * How often a job is begun at most, 1 to 1 000 000. Deliveries that ended in a crash, a lost connection or a stop count too.
   * Default 5.
   */
  readonly attempts?: number | undefined;
  /**
   * What passes before the next attempt, in milliseconds up to 30 days: one delay; a list of them, the last of which holds for all
   * further attempts; or a function of the attempt that failed (1, 2, …) and its error, whose delays are rounded up to
   * round numbers. Default `exponential()`: 1, 2, 4 … 60 seconds.
   */
  readonly delay?: Delay | undefined;
  /**
   * The queue of the dead letters, made by the worker (durable) if it is not there. `false`: a job that is given up is
   * rejected, and goes to the `x-dead-letter-exchange` of its queue, or nowhere. Default: `<queue>.dead`.
   */
  readonly deadLetter?: string | false | undefined;
  /**
   * The type of the queues that keep the delays, and of a dead-letter queue that the worker makes; not of `queue`. A client cannot find out
   * of which type `queue` is, so the default suits both.
   *
   * `'quorum'` (RabbitMQ 3.10 and later): a job returns from its delay at least once (`x-dead-letter-strategy`). The delay queues do
   * not expire: delete them when the worker is gone for good.
   *
   * `'classic'`: the delay queues expire by themselves. Use it only if `queue` is a classic queue: a classic delay queue drops the jobs whose
   * delay ends while `queue` cannot take them, as a quorum queue while it has no leader, or a full one with `x-overflow: reject-publish`.
   *
   * Default `'quorum'`.
   */
  readonly queueType?: 'classic' | 'quorum' | undefined;
  /**
   * Jobs with the same key run one after the other, whatever the concurrency. It must not return a promise. If it throws, or
   * returns a promise or an object, the job has failed. Not together with `batch`.
   */
  readonly key?: ((message: Message) => string) | undefined;
  /** Milliseconds that a handler may run, from 1. Then its `signal` is aborted and the attempt has failed. Default: no limit. */
  readonly handlerTimeout?: number | undefined;
  /** Puts the stack of the error into the header `puka-error-stack`, 4000 characters at most. Default `false`. */
  readonly stackInHeaders?: boolean | undefined;
  /**
   * Changes the text of an error before it is written into a header, for example to remove secrets. It must not return a promise.
   * If it throws, the text is left out. Default: no text is changed.
   */
  readonly redact?: ((text: string) => string) | undefined;
  /** Arguments for consuming, such as `x-priority`. */
  readonly consumeArguments?: FieldTableInput | undefined;
  /**
   * As in `ConsumeOptions` of the client. `'lent'`: the body of a message is its handler's until the job is settled, and detached
   * then; also if the delivery is lost while the handler runs: heed its `signal`. Default `'kept'`.
   */
  readonly bodies?: 'kept' | 'lent' | undefined;
  /** Clock and timers. Default: those of the runtime. */
  readonly runtime?: WorkerRuntime | undefined;
}

/**
 * Makes a job of a message: a function, or a schema (zod, valibot, arktype and others) that gets the body as JSON. What the function
 * throws, and what the schema finds wrong, sends the message to the dead letters with the issues.
 */
export type Parse<Job> = ((message: Message) => Job | PromiseLike<Job>) | StandardSchema<Job>;

/** The type of the parsed job. A schema that is also a function, as in arktype, counts as a schema. */
export type Parsed<Parser> =
  Parser extends StandardSchema<infer Job>
    ? Job
    : Parser extends (message: Message) => infer Returned
      ? Awaited<Returned>
      : never;

/** Works on a job. Returned is done; thrown has failed. */
export type Handler<Job> = (job: Job, context: JobContext) => unknown;

/** What a handler gets beside its job. */
export interface JobContext {
  /** The message as it was delivered. The worker settles it; one that the handler settles is not tried again, also if it throws. */
  readonly message: Message;
  /** 1 for the first; counts what failed, and deliveries that were not settled. */
  readonly attempt: number;
  /**
   * Aborted when the job is over for its handler: at `handlerTimeout`, when `stop()` has run out of time, and when the delivery was
   * lost with its channel or connection, so that another worker gets the job.
   */
  readonly signal: JobSignal;
  /** The exchange of the first publish, also if the message comes back from a delay. */
  readonly exchange: string;
  /** The routing key of the first publish, also if the message comes back from a delay. */
  readonly routingKey: string;
}

/** Works on several jobs at once. Returned is done, thrown has failed: for all that were not settled one by one. */
export type BatchHandler<Job> = (jobs: readonly Job[], context: BatchContext<Job>) => unknown;

/** How jobs are put together. */
export interface BatchOptions {
  /** Most jobs of a batch, from 1. */
  readonly size: number;
  /** Milliseconds that the first of a batch waits for others, from 0. Default 100. */
  readonly wait?: number | undefined;
}

/** What a handler of batches gets beside its jobs. */
export interface BatchContext<Job> {
  /** The jobs with all about them, in the order of the array. */
  readonly items: readonly BatchItem<Job>[];
  /** As in `JobContext`, for the batch. */
  readonly signal: JobSignal;
}

/** One job of a batch. */
export interface BatchItem<Job> extends JobContext {
  /** What `parse` made of the message; without `parse` the message. */
  readonly job: Job;
  /** The job is done: it is acked now. Does nothing when it is settled already. */
  done(): void;
  /** The attempt has failed with this error: as if its own handler had thrown it. Does nothing when it is settled already. */
  fail(error: unknown): void;
}

/** What `stop` takes. */
export interface StopOptions {
  /** Milliseconds that running handlers get to finish, from 0. Default 30 000. */
  readonly timeout?: number | undefined;
  /** Milliseconds they get after the abort of their signals, before their jobs go back to the queue. Default 1000. */
  readonly grace?: number | undefined;
}
