/** What one measured run is asked, and what it answers. Types and constants only. */

/** The modes that are measured. */
export const modes = [
  'publish',
  'publish-ignored',
  'consume-ack',
  'consume-no-ack',
  'request-reply',
  'declare-delete',
] as const;
export type Mode = (typeof modes)[number];

/** One run of one client. */
export interface Job {
  readonly url: string;
  /** Stands before the run; full of `count` messages where they are to be consumed. */
  readonly queue: string;
  readonly mode: Mode;
  readonly count: number;
  /** Of a body, in bytes. */
  readonly size: number;
  /** Most publishes without a confirm. */
  readonly window: number;
  /** Of the authority that signed the broker's certificate, where `url` is one of TLS. */
  readonly caFile?: string;
}

/** What a run cost. */
export interface Figures {
  readonly seconds: number;
  readonly cpuMicroseconds: number;
  readonly rssBytes: number;
  /** Of the broker, meanwhile; where it can be known. */
  readonly brokerCpuMicroseconds?: number;
  /** `request-reply`: what each request took, in microseconds. */
  readonly latencies?: readonly number[];
}

/** What every client can do, each by its cheapest documented use. Connected before, closed after the measurement. */
export interface BenchClient {
  /** Publishes with at most `window` unconfirmed; resolves when all are confirmed. */
  publish(job: Job): Promise<void>;
  /** Consumes `count` messages, with acks under a prefetch of `prefetchCount` or without. */
  consume(job: Job): Promise<void>;
  close(): Promise<void>;
}

/** A client that does all modes. */
export interface FullClient extends BenchClient {
  /** Publishes and looks at no outcome, but heeds back-pressure as its manual says; resolves when all are in the queue. */
  publishIgnored(job: Job): Promise<void>;
  /**
   * Answers requests that come to the queue, and asks, one request at a time, over plain queues and one connection.
   *
   * @returns what each request took, in microseconds.
   */
  requestReply(job: Job): Promise<number[]>;
  /** Makes `count` queues at once, then deletes them at once. */
  declareDelete(job: Job): Promise<void>;
}

/** Publishes without a confirm: a thousand, or as many as 64 MiB hold, or ten of 1 MiB and more. */
export function windowFor(size: number): number {
  if (size >= 1_048_576) return 10;
  return Math.min(1000, Math.floor((64 * 1024 * 1024) / Math.max(size, 1)));
}

/** Messages unacked at a time. */
export const prefetchCount = 500;

/** Names for `declareDelete`. */
export function queueNames({ queue, count }: Job): string[] {
  return Array.from({ length: count }, (_, index) => `${queue}-${index}`);
}
