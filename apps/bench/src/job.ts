/** What one measured run is asked, and what it answers. Types and constants only. */

/** Modes in which work is done: what counts is its rate and its cost. */
export const workModes = [
  'publish',
  'publish-ignored',
  'consume-ack',
  'consume-no-ack',
  'request-reply',
  'declare-delete',
  'many-consumers',
] as const;
/** Modes in which things are made and kept: what counts is their memory. */
export const memoryModes = ['idle-client', 'idle-consumer', 'held-message', 'open-publish', 'waiting-declare'] as const;
/** The modes that are measured; `start` is a process from its start to its first confirmed message. */
export const modes = [...workModes, ...memoryModes, 'start'] as const;
export type Mode = (typeof modes)[number];
export type MemoryMode = (typeof memoryModes)[number];

export function isMemoryMode(mode: Mode): mode is MemoryMode {
  return memoryModes.some((each) => each === mode);
}

/** One run of one client. */
export interface Job {
  readonly url: string;
  /** Exists before the run; full of `count` messages if they are to be consumed. */
  readonly queue: string;
  readonly mode: Mode;
  readonly count: number;
  /** As many are done before the measurement, on connections and queues of their own: by then the code is compiled. */
  readonly warmUp: number;
  /** Of a body, in bytes. */
  readonly size: number;
  /** Most publishes without a confirm. */
  readonly window: number;
  /** `many-consumers`: how many there are, each on a queue of its own. */
  readonly consumers: number;
  /** The broker's process, which is stopped for a moment where things have to wait; `undefined` where it is not known. */
  readonly brokerPid?: number;
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
  /** Memory modes: heap and buffers of all that was made. */
  readonly heapBytes?: number;
  /** `start`: without the start of the runtime itself. */
  readonly fromImport?: { readonly seconds: number; readonly cpuMicroseconds: number };
  /** `start`: the program as one minified file, and gzipped, in bytes. */
  readonly bundle?: { readonly bytes: number; readonly gzipBytes: number };
}

/** An open connection. */
export interface Closable {
  close(): Promise<unknown>;
}

/**
 * What every client can do, each by its cheapest documented use. Connected before, closed after the measurement. Bodies are
 * written to before they are published: memory that never was is one page of zeros to the system, which it reads faster.
 */
export interface BenchClient {
  /** Publishes with at most `window` unconfirmed; resolves when all are confirmed. */
  publish(job: Job): Promise<void>;
  /** Consumes `count` messages, with acks under a prefetch of `prefetchCount` or without. */
  consume(job: Job): Promise<void>;
  close(): Promise<void>;
}

/** A client that does all modes. */
export interface FullClient extends BenchClient {
  /**
   * Subscribes to each queue by a consumer of its own; with acks under a prefetch of `prefetchCount`, each message is acked
   * after `onMessage`.
   */
  subscribe(queues: readonly string[], noAck: boolean, onMessage: () => void): Promise<void>;
  /**
   * Takes `count` messages under a prefetch of as many, and settles none.
   *
   * @returns the messages, as the client hands them out.
   */
  hold(job: Job): Promise<readonly unknown[]>;
  /** Publishes and reads no outcome, but heeds back-pressure by its manual; resolves when all are in the queue. */
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

/** Connections before the one that is measured, where bodies are small. Each has its part of the warm-up. */
const warmUpConnections = 4;
/** Bodies above this size are large. This client copies those of up to 16 KiB, and lends larger ones to the socket. */
const warmUpBytes = 20_480;
/** Where bodies are large: connections with bodies of `warmUpBytes`. */
const shortWarmUps = 3;
/** Messages on each of those. */
const largeWarmUp = 8000;
/** If bodies are large: connections after those, each with a whole run. */
const wholeWarmUps = 5;

/**
 * What is done before the measurement, each on a connection of its own. What the engine has compiled for the first connection
 * of a process, it compiles again for the second, and some of it for the third. A run of large bodies is short: it compiles little
 * by itself, and the first ones take up to a fifth more than the sixth.
 */
export function warmUpsOf(job: Job): Job[] {
  if (job.warmUp === 0) return [];
  const isLarge = job.size > warmUpBytes;
  const connections = isLarge ? shortWarmUps + wholeWarmUps : warmUpConnections;
  return Array.from({ length: connections }, (_, index) => {
    const queue = `${job.queue}-warm-up-${index}`;
    if (!isLarge) return { ...job, count: Math.ceil(job.warmUp / connections), queue, warmUp: 0 };
    // A few hundred bodies of 1 MiB compile nothing, and more of them do not go into the broker.
    if (index < shortWarmUps) return { ...job, count: largeWarmUp, size: warmUpBytes, queue, warmUp: 0 };
    return { ...job, count: job.warmUp, queue, warmUp: 0 };
  });
}

/** Names of queues for `declareDelete` (`count` of them), and for `many-consumers` (`consumers`). */
export function queueNames({ queue }: Job, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${queue}-${index}`);
}
