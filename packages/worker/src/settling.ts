/**
 * Writes the outcome of a job: acked, waiting at the broker for its next attempt, among the dead letters, or back in its queue.
 * Nothing is acked before its next home has confirmed it: a crash in between leaves two of it, never none.
 * Must not run handlers nor choose outcomes.
 */
import {
  type Client,
  LimitExceeded,
  NoRoute,
  PreconditionFailed,
  PublishNacked,
  type PublishOptions,
  UsageError,
} from '@puka/client';
import type { DelayQueues } from './delay-queues.ts';
import type { Delivery } from './delivery.ts';
import { bareCopy, copyOf, type DeadReason, type ErrorFacts, errorFacts } from './job-headers.ts';
import { InvalidJob } from './parsing.ts';
import { newAborter, timeOfDay } from './runtime.ts';
import type { Settings } from './settings.ts';

/** What settling needs of the worker. */
export interface SettlingHost {
  /** The outcome of the job is written. @param outcome is `lost` if the broker does not take the ack any more. */
  written(delivery: Delivery, outcome: 'acked' | 'lost'): void;
  /** The broker did not take a copy; it is tried again. */
  refused(delivery: Delivery, error: unknown, againMs: number): void;
}

/** A publish that takes longer is tried again: by then the delay queue may be about to expire. */
const publishTimeoutMs = 1_800_000;
const firstPauseMs = 1000;
const longestPauseMs = 30_000;

/** Settles the jobs of one worker. */
export class Settling {
  private readonly client: Client;
  private readonly settings: Settings;
  private readonly delays: DelayQueues;
  private readonly host: SettlingHost;

  constructor(client: Client, settings: Settings, delays: DelayQueues, host: SettlingHost) {
    this.client = client;
    this.settings = settings;
    this.delays = delays;
    this.host = host;
  }

  /** Acks. @returns whether the broker takes it. A message that its handler has settled by itself is none of ours. */
  ack({ message }: Delivery): boolean {
    return message.isSettled || message.ack();
  }

  /**
   * Moves the job to the delay queue. Resolves when the delivery is over, whatever happened in between.
   *
   * @returns `false` if it is not over because no copy of the message can be published.
   */
  retry(delivery: Delivery, delayMs: number, error: unknown): Promise<boolean> {
    const copy = this.copy(delivery, { error: this.facts(error) });
    return this.moved(delivery, async () => {
      const routingKey = await this.delays.ensure(delayMs);
      await this.publish(delivery, { ...copy, routingKey }, () => this.delays.forget(delayMs));
      return true;
    });
  }

  /** Moves the job to the dead letters. Resolves as `retry` does. */
  async bury(delivery: Delivery, reason: DeadReason, error: unknown): Promise<void> {
    const { deadLetter } = this.settings;
    const { message } = delivery;
    if (deadLetter === false) {
      this.over(delivery, message.isSettled || message.reject({ requeue: false }));
      return;
    }
    const issues = error instanceof InvalidJob ? error.issues : undefined;
    const facts = { error: this.facts(error), reason, issues };
    const move = async (copy: Omit<PublishOptions, 'routingKey'>): Promise<boolean> => {
      await this.publish(delivery, { ...copy, routingKey: deadLetter }, () => this.makeDeadLetterQueue(deadLetter));
      return true;
    };
    const whole = this.copy(delivery, facts);
    if (await this.moved(delivery, () => move(whole))) return;
    const bare = bareCopy(whole);
    await this.moved(delivery, () => move(bare), true);
  }

  /**
   * Moves the job to the end of its queue, with the count of its deliveries. If the queue is full and refuses the copy, the job stays
   * here unsettled. Waiting for a free place could take forever, because only the unsettled jobs can free one.
   *
   * @returns `false` if no copy of the message can be published.
   */
  recount(delivery: Delivery): Promise<boolean> {
    const { queue } = this.settings;
    const copy = this.copy(delivery, { begun: delivery.attempt - 1 });
    return this.moved(delivery, async () => {
      try {
        await this.publish(delivery, { ...copy, routingKey: queue });
        return true;
      } catch (error) {
        if (error instanceof PublishNacked) return false;
        throw error;
      }
    });
  }

  /** Makes the dead-letter queue if there is none; one that is there may be of any kind. */
  async makeDeadLetterQueue(queue: string): Promise<void> {
    try {
      const type = { 'x-queue-type': this.settings.queueType };
      await this.client.queueDeclare({ queue, durable: true, arguments: type });
    } catch (error) {
      if (!(error instanceof PreconditionFailed)) throw error;
    }
  }

  private facts(error: unknown): ErrorFacts {
    const { redact, stackInHeaders, runtime } = this.settings;
    return errorFacts(error, redact, stackInHeaders, (thrown) =>
      runtime.warn('the function given as redact failed', thrown),
    );
  }

  private copy(
    { message, attempt }: Delivery,
    facts: { begun?: number } & Pick<Parameters<typeof copyOf>[1], 'error' | 'reason' | 'issues'>,
  ): Omit<PublishOptions, 'routingKey'> {
    const { queue, runtime } = this.settings;
    return copyOf(message, { queue, begun: attempt, lastAttempt: timeOfDay(runtime), ...facts });
  }

  private async publish(
    delivery: Delivery,
    options: PublishOptions,
    mend: (() => unknown) | undefined = undefined,
  ): Promise<void> {
    delivery.copying ??= newAborter();
    const { signal } = delivery.copying;
    try {
      await this.client.basicPublish({ ...options, mandatory: true, signal, timeout: publishTimeoutMs });
    } catch (error) {
      // Its queue has expired or was deleted.
      if (!(error instanceof NoRoute) || mend === undefined) throw error;
      await mend();
      throw error;
    }
  }

  /**
   * Tries to move the job until it is confirmed or the delivery is void; then acks it.
   *
   * @param move returns whether the job has moved.
   * @param isBare the copy is the smallest one, so it is tried again after any error.
   * @returns `false` if the client refuses the copy because of its content, so that another try cannot succeed.
   */
  private async moved(delivery: Delivery, move: () => Promise<boolean>, isBare = false): Promise<boolean> {
    for (let pauseMs = firstPauseMs; delivery.state === 'writing'; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const hasMoved = await move();
        if (hasMoved && !delivery.isOver) this.over(delivery, this.ack(delivery));
        return true;
      } catch (error) {
        if (delivery.isOver) return true;
        const isUnfit = !isBare && isForever(error);
        // A queue that was missing has been made meanwhile.
        const againMs = isUnfit || (error instanceof NoRoute && pauseMs === firstPauseMs) ? 0 : pauseMs;
        this.host.refused(delivery, error, againMs);
        if (isUnfit) return false;
        await this.pause(againMs);
      }
    }
    return true;
  }

  private over(delivery: Delivery, isTaken: boolean): void {
    this.host.written(delivery, isTaken ? 'acked' : 'lost');
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.settings.runtime.startTimer(resolve, ms);
    });
  }
}

/** Whether the client refuses the copy because of its content, such as headers that nearly fill a frame. */
function isForever(error: unknown): boolean {
  return (error instanceof UsageError || error instanceof LimitExceeded) && !error.retryable;
}
