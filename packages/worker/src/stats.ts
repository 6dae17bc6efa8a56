/** What a worker has counted so far. Must not decide anything. */
import { type DurationHistogram, Durations } from './histogram.ts';

/** A snapshot: plain data that changes no more. */
export interface WorkerStats {
  /** Jobs whose handler runs. */
  readonly running: number;
  /** Jobs received that wait for a free place, for their key or for their batch. */
  readonly waiting: number;
  /** Jobs that were done and acked. */
  readonly done: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** Jobs that were put into a queue for another attempt, those that came back after a crash among them. */
  readonly retried: number;
  /** Jobs that went to the dead letters. */
  readonly dead: number;
  /** Deliveries lost with their channel or connection while the worker held them: the broker delivers them again. */
  readonly lost: number;
  /** Jobs returned to the queue by `stop()`. */
  readonly returned: number;
  /** How long handlers took, whatever their outcome. */
  readonly durations: DurationHistogram;
}

/** The counts of one worker. */
export class Counts {
  running = 0;
  done = 0;
  failed = 0;
  retried = 0;
  dead = 0;
  lost = 0;
  returned = 0;
  readonly durations: Durations = new Durations();

  /** @param inHand jobs received and not settled, those whose handler runs among them. */
  snapshot(waiting: number): WorkerStats {
    const { running, done, failed, retried, dead, lost, returned } = this;
    return { running, waiting, done, failed, retried, dead, lost, returned, durations: this.durations.snapshot() };
  }
}
