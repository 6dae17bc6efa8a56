/** What happens to consumers that begin: the broker cancels them, or their queue does not agree. Must not write a method. */
import { FaultRefusal } from '../model/fault-refusal.ts';
import type { Queue } from '../model/queues/queue.ts';
import { resourceText } from '../model/resource.ts';
import type { ConsumeFate, WaitingConsumer } from '../protocol/interference.ts';

/** How new consumers are cancelled. */
export interface CancelNewOptions {
  /** How many are cancelled. Default `Infinity`. */
  readonly times?: number;
  /**
   * Whether the cancel comes after or before the consume-ok. RabbitMQ 4.0 sends it ahead when a quorum queue is gone
   * while a consumer begins. Default `'behind-ok'`.
   */
  readonly order?: 'behind-ok' | 'ahead-of-ok';
}

interface CancelPlan {
  /** Of all queues where `undefined`. */
  readonly queue: string | undefined;
  left: number;
  readonly order: 'behind-ok' | 'ahead-of-ok';
}

interface Waiting {
  readonly key: string;
  readonly dueMs: number;
  readonly queue: Queue;
  readonly consumer: WaitingConsumer;
}

/** Plans for the consumers to come. */
export class ConsumerFaults {
  private cancels: CancelPlan[] = [];
  /** How long consumers of a queue without a leader wait, by vhost and name. */
  private readonly leaderless = new Map<string, number>();
  private waiting: Waiting[] = [];

  cancelNew(
    queue: string | undefined,
    { times = Number.POSITIVE_INFINITY, order = 'behind-ok' }: CancelNewOptions,
  ): void {
    this.cancels.push({ queue, left: times, order });
  }

  /** @param afterMs how long a consumer waits before its connection is closed. */
  loseLeader(vhost: string, queue: string, afterMs: number): void {
    this.leaderless.set(keyOf(vhost, queue), afterMs);
  }

  /** The queue has a leader again: consumers that wait begin. */
  electLeader(vhost: string, queue: string): void {
    const key = keyOf(vhost, queue);
    this.leaderless.delete(key);
    this.begin((waiting) => waiting.key === key);
  }

  fateOf(queue: Queue, consumer: WaitingConsumer, nowMs: number): ConsumeFate {
    const { vhost, name } = queue.resource;
    const key = keyOf(vhost, name);
    const afterMs = this.leaderless.get(key);
    if (afterMs !== undefined) {
      this.waiting.push({ key, dueMs: nowMs + afterMs, queue, consumer });
      return 'wait';
    }
    const plan = this.cancels.find((each) => each.left > 0 && (each.queue === undefined || each.queue === name));
    if (plan === undefined) return 'start';
    plan.left--;
    return `cancel-${plan.order}`;
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get deadlineMs(): number {
    return this.waiting.reduce((least, { dueMs }) => Math.min(least, dueMs), Number.POSITIVE_INFINITY);
  }

  /** RabbitMQ: closes the connection of a consumer whose queue has not agreed in time. */
  handleTimeout(nowMs: number): void {
    const due = this.waiting.filter(({ dueMs }) => dueMs <= nowMs);
    this.waiting = this.waiting.filter(({ dueMs }) => dueMs > nowMs);
    for (const { queue, consumer } of due) {
      consumer.fail(new FaultRefusal(541, `${resourceText(queue.resource)} timeout occurred during consume operation`));
    }
  }

  clear(): void {
    this.cancels = [];
    this.leaderless.clear();
    this.begin(() => true);
  }

  private begin(isMeant: (waiting: Waiting) => boolean): void {
    const due = this.waiting.filter(isMeant);
    this.waiting = this.waiting.filter((each) => !isMeant(each));
    for (const { consumer } of due) consumer.begin();
  }
}

function keyOf(vhost: string, queue: string): string {
  return `${vhost}\0${queue}`;
}
