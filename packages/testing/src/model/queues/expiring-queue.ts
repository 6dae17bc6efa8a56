/**
 * What queues have whose messages do not stay for ever: limits, and the time at which a message or the queue itself expires.
 * Must not know consumers, nor what becomes of a message that has expired. RabbitMQ: docs/ttl.
 */
import type { Message } from '../message.ts';
import type { QueuedMessage } from '../queued-message.ts';
import { Queue, type QueueHost, type QueueSettings } from './queue.ts';
import { type QueueLimits, queueLimits } from './queue-limits.ts';

/** Messages that wait, the next one first. */
interface WaitingMessages extends Iterable<QueuedMessage> {
  readonly length: number;
  readonly first: QueuedMessage | undefined;
  takeFirst(): QueuedMessage | undefined;
}

/**
 * What queues have whose messages do not stay for ever: limits, and the time at which a message or the queue itself
 * expires.
 */
export abstract class ExpiringQueue extends Queue {
  deadlineMs: number = Number.POSITIVE_INFINITY;
  protected abstract readonly ready: WaitingMessages;
  protected readonly limits: QueueLimits;
  protected isGone = false;
  protected isStopped = false;
  private unusedSinceMs: number;

  constructor(vhost: string, settings: QueueSettings, host: QueueHost) {
    super(vhost, settings, host);
    this.limits = queueLimits(settings.arguments);
    this.unusedSinceMs = host.nowMs;
  }

  get readyCount(): number {
    return this.ready.length;
  }

  get readyMessages(): Iterable<QueuedMessage> {
    return this.ready;
  }

  expire(): void {
    if (this.isGone || this.isStopped) return;
    if (this.host.nowMs >= this.unusedDeadlineMs) this.host.removeQueue(this);
    else this.messagesDue();
  }

  start(): void {
    this.isStopped = false;
    this.used();
    this.messagesDue();
  }

  /** A message may be past its time. */
  protected abstract messagesDue(): void;

  /** A message was past its time, and has been taken out. */
  protected abstract expired(entry: QueuedMessage): void;

  /** Takes out what is past its time, from the front only. */
  protected dropExpired(): void {
    const { host, ready } = this;
    for (let { first } = ready; first !== undefined && host.nowMs >= first.expiresAtMs; { first } = ready) {
      ready.takeFirst();
      this.expired(first);
    }
  }

  /** The queue has been used just now. */
  protected used(): void {
    this.unusedSinceMs = this.host.nowMs;
  }

  /** How long a message may wait. */
  protected lifeMsOf({ expirationMs = Number.POSITIVE_INFINITY }: Message): number {
    return Math.min(expirationMs, this.limits.messageTtlMs);
  }

  protected setDeadline(): void {
    const head = this.ready.first?.expiresAtMs ?? Number.POSITIVE_INFINITY;
    const isOff = this.isGone || this.isStopped;
    const deadlineMs = isOff ? Number.POSITIVE_INFINITY : Math.min(head, this.unusedDeadlineMs);
    if (deadlineMs === this.deadlineMs) return;
    this.deadlineMs = deadlineMs;
    this.host.deadlineChanged(this);
  }

  private get unusedDeadlineMs(): number {
    return this.consumerCount > 0 ? Number.POSITIVE_INFINITY : this.unusedSinceMs + this.limits.expiresMs;
  }
}
