/**
 * Subscribes one queue of a consumer again, for as long as it makes sense: waits for a queue that is being restored, and
 * tries again if the queue is away, missing, or still taken for the lost connection's, and if nothing was refused.
 * Must not know channels: its caller subscribes.
 */
import { ConsumerCancelled, type PukaError } from '@puka/errors';
import type { Deadlines } from '../runtime/deadlines.ts';
import { LazyMap, LazySet } from '../runtime/lazy-collections.ts';
import { type Refusal, refusalOf, retryDelayMs } from '../topology/refusals.ts';

/** What subscribing again needs of its client. */
export interface SubscribeRetriesHost {
  readonly deadlines: Deadlines;
  now(): number;
  readonly recovery: QueuesInRecovery;
}

/** Queues that are left alone. */
export interface HeldQueues {
  /** Whether the queue must not be subscribed to for now: `queueRestored` follows. */
  holds(queue: string): boolean;
}

/** What recovery does with queues that consumers wait for. */
export interface QueuesInRecovery {
  /** The delays between tries of what is missing or away, in milliseconds, and for how long it is tried. */
  readonly patience: { readonly minDelay: number; readonly maxDelay: number; readonly retryFor: number };
  /** How long a queue is tried that the broker takes for the lost connection's, in milliseconds. */
  readonly exclusiveForMs: number;
  /** Whether the queue is being restored: `queueRestored` or `queueLost` follows. */
  isAway(queue: string): boolean;
  /** A recorded queue is not there. @returns whether it is being made again: `queueRestored` or `queueLost` follows. */
  queueVanished(queue: string, error: PukaError): boolean;
}

/** One queue of a consumer, to subscribe again. */
export interface Resubscription {
  /** Its name now. */
  queue(): string;
  /** Whether it is over when this client deletes the queue. */
  readonly endsWithQueue: boolean;
  /** Whether it is over when the broker cancels it before it has answered. */
  readonly endsWithCancel: boolean;
  /** Whether it is no longer needed: the consumer has ended, or the connection is gone. */
  isOver(): boolean;
  /** Tries once. */
  subscribe(done: (error: PukaError | undefined) => void): void;
  /** The first try is over: it went well, or failed, or waits for the queue. */
  tried(): void;
  /** The first try has failed, and more follow. */
  retrying(error: PukaError): void;
  /** Subscribed, or given up with the last error. */
  finished(error: PukaError | undefined): void;
}

interface Tried {
  readonly resubscription: Resubscription;
  isTried: boolean;
  /** This client has deleted the queue: one that is missing is not waited for. */
  endsIfMissing: boolean;
  sinceMs: number | undefined;
  delayMs: number | undefined;
}

/** All of one client. */
export class SubscribeRetries {
  readonly #host: SubscribeRetriesHost;
  private readonly held: HeldQueues;
  private readonly waiting = new LazyMap<string, Set<Tried>>();
  private readonly active = new LazySet<Tried>();

  constructor(host: SubscribeRetriesHost, held: HeldQueues) {
    this.#host = host;
    this.held = held;
  }

  /** Subscribes, now or when the queue is there. */
  start(resubscription: Resubscription): void {
    const tried = { resubscription, isTried: false, endsIfMissing: false, sinceMs: undefined, delayMs: undefined };
    this.active.add(tried);
    this.attempt(tried);
  }

  /** A queue is there again. */
  queueRestored(queue: string): void {
    for (const tried of this.take(queue)) this.attempt(tried);
  }

  /** A server-named queue has another name: what waits for the old name waits for the new one. */
  queueRenamed(from: string, to: string): void {
    for (const tried of this.take(from)) this.wait(to, tried);
  }

  /** A queue does not come back. */
  queueLost(queue: string, error: PukaError): void {
    for (const tried of this.take(queue)) this.finish(tried, error);
  }

  /** This client has deleted a queue, or was refused to. */
  queueLeft(queue: string): void {
    for (const tried of this.active) {
      if (tried.resubscription.endsWithQueue && tried.resubscription.queue() === queue) tried.endsIfMissing = true;
    }
  }

  /** The connection is gone: what waits begins again with the next. */
  clear(): void {
    this.waiting.clear();
    const active = [...this.active];
    this.active.clear();
    for (const tried of active) this.firstOver(tried);
  }

  private take(queue: string): Tried[] {
    const found = [...(this.waiting.get(queue) ?? [])];
    this.waiting.delete(queue);
    return found;
  }

  private attempt(tried: Tried): void {
    const { resubscription } = tried;
    if (resubscription.isOver()) {
      this.active.delete(tried);
      return;
    }
    const queue = resubscription.queue();
    if (this.#host.recovery.isAway(queue) || this.held.holds(queue)) {
      this.wait(queue, tried);
      return;
    }
    resubscription.subscribe((error) => {
      if (resubscription.isOver()) this.active.delete(tried);
      else if (error === undefined) this.finish(tried, undefined);
      else this.refused(tried, error, refusalOf(error));
      this.firstOver(tried);
    });
  }

  private refused(tried: Tried, error: PukaError, refusal: Refusal): void {
    const { resubscription } = tried;
    switch (refusal) {
      case 'lost':
        // `clear` follows.
        return;
      case 'dropped':
        if (resubscription.endsWithCancel && error instanceof ConsumerCancelled) this.finish(tried, error);
        else this.retry(tried, error, refusal, this.#host.recovery.patience.retryFor);
        return;
      case 'missing':
        if (this.#host.recovery.queueVanished(resubscription.queue(), error)) this.wait(resubscription.queue(), tried);
        else if (tried.endsIfMissing) this.finish(tried, error);
        else this.retry(tried, error, refusal, this.#host.recovery.patience.retryFor);
        return;
      case 'away':
        this.retry(tried, error, refusal, this.#host.recovery.patience.retryFor);
        return;
      case 'locked':
        this.retry(tried, error, refusal, this.#host.recovery.exclusiveForMs);
        return;
      default:
        this.finish(tried, error);
    }
  }

  private retry(tried: Tried, error: PukaError, refusal: Refusal, forMs: number): void {
    const host = this.#host;
    const { resubscription } = tried;
    const nowMs = host.now();
    if (tried.sinceMs === undefined) {
      tried.sinceMs = nowMs;
      resubscription.retrying(error);
    }
    if (nowMs - tried.sinceMs >= forMs) {
      this.finish(tried, error);
      return;
    }
    tried.delayMs = retryDelayMs(refusal, tried.delayMs, host.recovery.patience);
    host.deadlines.add(nowMs + tried.delayMs, () => this.attempt(tried), { keepsProcess: false });
  }

  private wait(queue: string, tried: Tried): void {
    const set = this.waiting.get(queue) ?? new Set();
    set.add(tried);
    this.waiting.set(queue, set);
    this.firstOver(tried);
  }

  private finish(tried: Tried, error: PukaError | undefined): void {
    this.active.delete(tried);
    if (!tried.resubscription.isOver()) tried.resubscription.finished(error);
  }

  private firstOver(tried: Tried): void {
    if (tried.isTried) return;
    tried.isTried = true;
    tried.resubscription.tried();
  }
}
