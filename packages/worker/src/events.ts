/** The events of a worker: a listener that throws affects no other code. Must not know what the events mean. */
import type { Message } from '@puka/client';
import { UsageError } from '@puka/errors';
import { isThenable } from './at-once.ts';
import { kindOf } from './check-options.ts';
import type { DeadReason } from './job-headers.ts';

/** A job, as events name it. */
export interface JobInfo {
  /** The message as it was delivered. */
  readonly message: Message;
  /** 1 for the first; of one that goes to the dead letters without a turn, how often it was begun. */
  readonly attempt: number;
}

/** Each event, and what its listeners get. */
export interface WorkerEvents {
  /** A handler begins; of a batch once for each job. */
  started: [job: JobInfo];
  /** A job is done and acked. */
  done: [job: JobInfo, durationMs: number];
  /** An attempt has failed; `retried` or `dead` follows when the next queue has confirmed it. */
  failed: [job: JobInfo, error: unknown];
  /** A job waits at the broker for its next attempt. `delayMs` is 0 for one that came back after a crash and is only counted. */
  retried: [job: JobInfo, delayMs: number];
  /** A job has gone to the dead letters. */
  dead: [job: JobInfo, reason: DeadReason, error: unknown];
  /** The delivery of a job that the worker holds was lost with its channel or connection: the broker delivers it again. */
  lost: [job: JobInfo, error: unknown];
  /** `stop()` has returned a job to the queue. */
  returned: [job: JobInfo];
  /** The broker did not take the copy of a job for its next queue; the worker keeps the job, and it is tried again after `againMs`. */
  refused: [job: JobInfo, error: unknown, againMs: number];
  /** The worker takes no more jobs; without an error after `stop()`, or when the client was closed. */
  ended: [error: unknown];
}

const names: ReadonlySet<string> = new Set<keyof WorkerEvents>([
  ...(['started', 'done', 'failed', 'retried', 'dead', 'lost', 'returned', 'refused', 'ended'] as const),
]);

type Listener = { call(...values: unknown[]): unknown }['call'];

/** Keeps and calls listeners. */
export class Events {
  private readonly listeners = new Map<keyof WorkerEvents, readonly Listener[]>();
  private readonly report: (error: unknown) => void;

  /** @param report takes what a listener throws. */
  constructor(report: (error: unknown) => void) {
    this.report = report;
  }

  /**
   * Adds a listener.
   *
   * @throws {UsageError} for an unknown event, and for a listener that is not a function.
   */
  on<Name extends keyof WorkerEvents>(name: Name, listener: (...values: WorkerEvents[Name]) => void): void {
    if (!names.has(name)) {
      throw new UsageError(`a worker has no event '${String(name)}'; it has ${[...names].join(', ')}`);
    }
    if (typeof listener !== 'function')
      throw new UsageError(`the listener of ${name} is ${kindOf(listener)}; it must be a function`);
    const list = this.listeners.get(name) ?? [];
    this.listeners.set(name, [...list, listener as Listener]); // `emit` calls it with the values of its name.
  }

  /** Takes a listener away. */
  off<Name extends keyof WorkerEvents>(name: Name, listener: (...values: WorkerEvents[Name]) => void): void {
    const list = this.listeners.get(name)?.filter((other) => other !== listener) ?? [];
    if (list.length > 0) this.listeners.set(name, list);
    else this.listeners.delete(name);
  }

  /** Whether `emit` would call a listener. */
  has(name: keyof WorkerEvents): boolean {
    return this.listeners.size > 0 && this.listeners.has(name);
  }

  /** Calls the listeners. */
  emit<Name extends keyof WorkerEvents>(name: Name, ...values: WorkerEvents[Name]): void {
    const list = this.listeners.get(name);
    if (list === undefined) return;
    for (const listener of list) {
      try {
        const returned = listener(...values);
        if (isThenable(returned)) returned.then(undefined, this.report);
      } catch (error) {
        this.report(error);
      }
    }
  }
}
