/// <reference lib="esnext.disposable" preserve="true" />
/** A worker as its user holds it: its consumer, its events, its end. Must not settle a job. */
import type { Client, Consumer } from '@puka/client';
import { type CallForm, checkOptions } from './check-options.ts';
import type { WorkerCore } from './core.ts';
import type { DelayQueues } from './delay-queues.ts';
import type { Events, WorkerEvents } from './events.ts';
import type { StopOptions } from './options.ts';
import { checkRange, maxTimerMs } from './settings.ts';
import type { WorkerStats } from './stats.ts';

const stopForm: CallForm<StopOptions> = {
  call: 'stop',
  example: 'worker.stop({ timeout: 30_000, grace: 1000 })',
  options: { timeout: true, grace: true },
};

/** A worker at work. Made by `startWorker`. */
export class Worker implements AsyncDisposable {
  /** Resolves when the worker takes no more jobs and holds none: with what ended it, or `undefined` after a stop or a close. */
  readonly ended: Promise<unknown>;
  readonly #core: WorkerCore;
  readonly #events: Events;
  readonly #consumer: Consumer;
  readonly #letGo: () => void;
  readonly #resolveEnded: (error: unknown) => void;
  #stopping: Promise<void> | undefined = undefined;
  #hasEnded = false;

  /** Use `startWorker`. */
  constructor(client: Client, core: WorkerCore, delays: DelayQueues, consumer: Consumer) {
    this.#core = core;
    this.#events = core.events;
    this.#consumer = consumer;
    let resolveEnded: (error: unknown) => void = () => {};
    this.ended = new Promise((resolve) => {
      resolveEnded = resolve;
    });
    this.#resolveEnded = resolveEnded;
    const disconnected = (error: unknown): void => {
      // The broker that comes back may have been set up anew.
      delays.forgetAll();
      core.loseAll(error ?? new Error('the connection was closed'));
    };
    const interrupted = (error: unknown, whose: Consumer): void => {
      if (whose === consumer) core.loseAll(error);
    };
    const closed = (error: unknown): void => void this.#end(error);
    client.on('disconnected', disconnected).on('interrupted', interrupted).on('closed', closed);
    this.#letGo = () => {
      client.off('disconnected', disconnected).off('interrupted', interrupted).off('closed', closed);
    };
  }

  /** What has been counted so far. */
  get stats(): WorkerStats {
    return this.#core.stats;
  }

  /**
   * Adds a listener; see `WorkerEvents`. An error that it throws becomes a warning on the console.
   *
   * @throws {UsageError} for an unknown event, and for a listener that is not a function.
   */
  on<Name extends keyof WorkerEvents>(name: Name, listener: (...values: WorkerEvents[Name]) => void): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Removes a listener. */
  off<Name extends keyof WorkerEvents>(name: Name, listener: (...values: WorkerEvents[Name]) => void): this {
    this.#events.off(name, listener);
    return this;
  }

  /**
   * Takes no new jobs and lets running ones finish for `timeout`. Then it aborts their signals, and after `grace` it returns the
   * unfinished jobs to the queue. Jobs that had not begun go back at once. It settles when both times are over at the latest,
   * even if the broker does not answer. The client stays connected. A second call returns the same promise.
   *
   * @throws (rejects) {UsageError} for an option out of its range.
   */
  stop(options: StopOptions = {}): Promise<void> {
    let times: { readonly timeout: number; readonly grace: number };
    try {
      times = stopTimesOf(options);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#stopping ??= this.#stop(times.timeout, times.grace);
    return this.#stopping;
  }

  /** `await using`: as `stop()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** For `startWorker`: the consumer has ended by itself. */
  static consumerEnded(worker: Worker, error: unknown): void {
    void worker.#end(error);
  }

  async #stop(timeout: number, grace: number): Promise<void> {
    const core = this.#core;
    core.beginStop();
    // If the connection is lost meanwhile, the broker has requeued everything. Not awaited without a limit, because a broker
    // that is short of memory does not answer.
    const cancelled = this.#consumer.cancel().catch(() => undefined);
    const over = Promise.all([cancelled, core.whenIdle()]);
    if (!(await this.#isOverWithin(timeout, over))) {
      core.abortAll(new Error(`the worker was stopped, and its ${timeout} ms to finish are over`));
      if (!(await this.#isOverWithin(grace, over))) core.giveAllBack();
    }
    this.#finish(undefined);
  }

  /** The worker has ended, except for what still runs. */
  async #end(error: unknown): Promise<void> {
    if (this.#hasEnded) return;
    const core = this.#core;
    core.beginStop();
    if (error !== undefined) core.loseAll(error);
    await core.whenIdle();
    this.#finish(error);
  }

  #finish(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#letGo();
    this.#resolveEnded(error);
    this.#events.emit('ended', error);
  }

  /** @returns whether the promise settles in time. */
  #isOverWithin(ms: number, over: Promise<unknown>): Promise<boolean> {
    const { runtime } = this.#core.settings;
    return new Promise((resolve) => {
      const timer = runtime.startTimer(() => resolve(false), ms);
      void over.then(() => {
        runtime.stopTimer(timer);
        resolve(true);
      });
    });
  }
}

/** @throws {UsageError} for an option out of its range. */
function stopTimesOf(options: StopOptions): { readonly timeout: number; readonly grace: number } {
  checkOptions(stopForm, options);
  const { timeout = 30_000, grace = 1000 } = options;
  checkRange('timeout', timeout, 0, maxTimerMs);
  checkRange('grace', grace, 0, maxTimerMs);
  return { timeout, grace };
}
