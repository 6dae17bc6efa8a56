/**
 * The state of a consumer at the broker: its subscriptions, and what is to be done with them, one task after the other.
 * Must not subscribe or cancel: `subscriptions.ts` does.
 */

import type { Operation } from '../operations/operation.ts';
import { LazyMap, LazySet } from '../runtime/lazy-collections.ts';
import { Queue } from '../runtime/queue.ts';
import type { Subscription } from './consumer-channel.ts';
import { ResubscribePace } from './resubscribe-pace.ts';

/** The state of one consumer. It begins busy, with the first subscribing. */
export class ConsumerState {
  readonly subscriptions: Set<Subscription> = new Set();
  /** Queues of its own that it is not subscribed to yet, after the connection was lost. */
  missing = 0;
  /** Connections in a row that have ended under its subscribing by an error of the broker's that names nothing. */
  unnamedEnds = 0;
  /** Its queues are noted in the record as consumed. */
  isRecorded = false;
  /** The consumer has ended. */
  isOver = false;
  /** The cancel that was asked for. */
  cancel: Operation<{ readonly consumerTag: string }> | undefined = undefined;
  /** Where a stream is to be read on, by queue. */
  readonly resumeAt: LazyMap<string, bigint> = new LazyMap();
  /** What waits for the next subscribing: a limit that was changed while the connection was lost. */
  readonly onSubscribed: (() => void)[] = [];
  /** Undoes the timers of queues that are subscribed to again after a pause. */
  readonly pauses: LazySet<() => void> = new LazySet();
  private readonly paces = new LazyMap<string, ResubscribePace>();
  private isBusy = true;
  private readonly next = new Queue<() => void>();

  /**
   * Does a task when what is under way is done.
   *
   * @param task calls what it is given when it is done itself.
   * @param over called instead where the consumer has ended by then.
   */
  whenSteady(task: (done: () => void) => void, over: () => void = () => {}): void {
    const run = (): void => {
      this.isBusy = true;
      if (!this.isOver) {
        task(() => this.goOn());
        return;
      }
      over();
      this.goOn();
    };
    if (this.isBusy) this.next.push(run);
    else run();
  }

  /** Whether nothing is under way. */
  get isSteady(): boolean {
    return !this.isBusy;
  }

  /** The pace at which a queue is subscribed to again. */
  paceOf(queue: string): ResubscribePace {
    const pace = this.paces.get(queue) ?? new ResubscribePace();
    this.paces.set(queue, pace);
    return pace;
  }

  /** One whose consume the broker has not answered. */
  get unanswered(): Subscription | undefined {
    for (const subscription of this.subscriptions) if (!subscription.isAnswered) return subscription;
    return undefined;
  }

  /** Subscribes to nothing again. */
  stopPauses(): void {
    for (const undo of this.pauses) undo();
    this.pauses.clear();
  }

  /** What was under way is done: the next may go on. */
  goOn(): void {
    this.isBusy = false;
    this.next.shift()?.();
  }
}
