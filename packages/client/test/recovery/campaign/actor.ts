/** One client of a program: what it was called for, what it holds, and what it has emitted. Must not judge. */
import type { Client } from '../../../src/client.ts';
import type { Consumer } from '../../../src/consuming/consumer.ts';
import type { Message } from '../../../src/consuming/message.ts';
import type { Operation } from '../../../src/operations/operation.ts';
import { eventsOf } from '../scene.ts';
import { NaiveModel } from './naive-model.ts';
import type { ServerQueueKind, Setup } from './steps.ts';

/** A promise of the client's. */
export interface Started {
  readonly text: string;
  readonly operation: Operation<unknown>;
  readonly actor: Actor;
  /** Of the queue that it is about. */
  key: string | undefined;
  settled: number;
  /** Connections that its client had lost when it was called, and whether it had one then. */
  readonly lossesBefore: number;
  readonly wasConnected: boolean;
  /** Connections that its client had lost when it settled. */
  lossesBehind: number;
  /** The life of its client. */
  readonly life: number;
  readonly startedAtMs: number;
  /** On the clock of the scene. */
  settledAtMs: number | undefined;
}

export interface Published extends Started {
  readonly body: string;
  readonly mandatory: boolean;
  /** The key of the queue that it goes to, where that was there at the call. */
  readonly queue: string | undefined;
}

/** A queue that the broker has named. */
export interface ServerNamed {
  readonly kind: ServerQueueKind;
  readonly key: string;
  /** An argument of no effect, by which the queue is found at the broker, whatever it is called. */
  readonly mark: number;
  /** What `queueDeclare` resolved with: `queue` is the name of now. */
  readonly declared: { readonly queue: string };
  /** The name that it had first. */
  readonly first: string;
  /** All the names that it has had, as the client has emitted them. */
  readonly names: string[];
}

export interface Subscribed {
  readonly consumer: Consumer;
  /** Of its queues. */
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  readonly isExclusive: boolean;
  readonly priority: number | undefined;
  /** Whether its messages are settled by later steps. */
  readonly holds: boolean;
  readonly waiting: Message[];
  prefetch: number;
  /** A `basicQos` that was given up may have taken effect. */
  isPrefetchKnown: boolean;
  isTold: boolean;
  /** The program has ended it, or closed its client. */
  isCalledOff: boolean;
  /** Whether the step `abort` ends it. */
  readonly hasSignal: boolean;
  /** Whether it comes back when the broker cancels it. */
  readonly comesBack: boolean;
  /** On the clock of the scene. */
  endedAtMs: number | undefined;
  /** Of a stream: the offsets that came, in their order, and those that were settled. */
  readonly offsets: number[];
  readonly settledOffsets: Set<number>;
  /** It was subscribed from its first offset again. */
  isReadAgain: boolean;
}

/** Calls that `retryIf` and `filter` of a client make. */
export type Upon = Readonly<Record<'retryIf' | 'filter', (() => void)[]>>;

/** One client of a program, and what is known of it. */
export class Actor {
  readonly index: number;
  readonly setup: Setup;
  readonly client: Client;
  readonly events: string[];
  readonly model: NaiveModel = new NaiveModel();
  readonly consumers: Subscribed[] = [];
  readonly started: Started[] = [];
  /** Keys of which two changes were under way at once. */
  readonly overlapping: Set<string> = new Set();
  private readonly changing = new Map<string, number>();
  /** Queues of this life of the client that the broker has named, and that were not deleted. */
  serverNamed: ServerNamed[] = [];
  /** How many that were, in all lives. */
  serverNamedCount = 0;
  /** For the calls that the step `abort` gives up. */
  controller: AbortController = new AbortController();
  /** Counts `close()`, `shutdown()`, and losses that it does not recover from. What is durable outlives a life. */
  life = 0;
  /** Connections lost so far. */
  losses = 0;
  /** When each `x-expires` queue of its was used last, as far as the client knows. */
  readonly usedAtMs: Map<string, number> = new Map();
  lostAtMs = 0;
  /** When the connection that was recovered last was open; `undefined` for the first of a life. */
  recoveredAtMs: number | undefined;
  /** What the client's own questions to the program call. */
  readonly upon: Upon;

  constructor(index: number, setup: Setup, client: Client, upon: Upon, now: () => number) {
    this.upon = upon;
    this.index = index;
    this.setup = setup;
    this.client = client;
    this.events = eventsOf(client);
    client.on('unobserved', () => {});
    client.on('notRestored', () => {});
    client.on('disconnected', () => {
      this.losses++;
      this.lostAtMs = now();
    });
    client.on('connected', (_info, recovery) => {
      this.recoveredAtMs = recovery === undefined ? undefined : now();
    });
    client.on('closed', (error) => {
      this.beginAgain();
      // They end without an error: their callbacks are not called.
      if (error === undefined) this.callOff();
    });
    client.on('queueRenamed', (from, to) => {
      for (const { names } of this.serverNamed) if (names.at(-1) === from) names.push(to);
    });
  }

  /** A declare or a delete of it is called. */
  noteChange(key: string, operation: Operation<unknown>): void {
    const count = this.changing.get(key) ?? 0;
    if (count > 0) this.overlapping.add(key);
    this.changing.set(key, count + 1);
    const over = (): void => {
      this.changing.set(key, (this.changing.get(key) ?? 1) - 1);
    };
    operation.then(over, over);
  }

  /** All consumers end, and none of their callbacks is called. */
  callOff(): void {
    for (const subscribed of this.consumers) {
      subscribed.isTold = true;
      subscribed.isCalledOff = true;
    }
  }

  /** The record of the client is empty from now on. */
  beginAgain(): void {
    this.life++;
    this.model.beginAgain();
    this.serverNamed = [];
    this.usedAtMs.clear();
  }

  /** Promises without an outcome, those of another life too. */
  get pending(): Started[] {
    return this.started.filter(({ operation }) => operation.state === 'pending');
  }

  get living(): Subscribed[] {
    return this.consumers.filter(({ consumer }) => !consumer.isEnded);
  }
}

/** Acks it. */
export function settle({ settledOffsets }: Subscribed, message: Message): void {
  const offset = offsetOf(message);
  if (message.ack() && offset !== undefined) settledOffsets.add(offset);
}

/** Its place in a stream. */
export function offsetOf(message: Message): number | undefined {
  const offset = message.headers['x-stream-offset'];
  return offset === undefined ? undefined : Number(offset);
}
