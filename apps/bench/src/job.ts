/** What one measured run is asked, and what it answers. Types only. */

/** The modes that are measured. */
export type Mode = 'publish' | 'consume-ack' | 'consume-no-ack';

/** One run of one client. */
export interface Job {
  readonly url: string;
  readonly queue: string;
  readonly mode: Mode;
  readonly count: number;
  readonly size: number;
}

/** What a client can do, each by its cheapest documented use. Connected before, closed after the measurement. */
export interface BenchClient {
  /** Publishes with at most 1000 unconfirmed; resolves when all are confirmed. */
  publish(job: Job): Promise<void>;
  /** Consumes `count` messages, with acks under a prefetch of 500 or without. */
  consume(job: Job): Promise<void>;
  close(): Promise<void>;
}

/** Publishes without a confirm. */
export const windowSize = 1000;
/** Messages unacked at a time. */
export const prefetchCount = 500;
