/**
 * The state of a consumer at the broker: its subscriptions, and the tasks for them, one after the other.
 * Must not subscribe or cancel: `subscriptions.ts` does.
 */

import type { Operation } from '../operations/operation.ts';
import { LazySet } from '../runtime/lazy-collections.ts';
import { Queue } from '../runtime/queue.ts';
import type { Subscription } from './consumer-channel.ts';
import { ResubscribePace } from './resubscribe-pace.ts';

/** The state of one consumer. It begins busy, with the first subscribing. */
export class ConsumerState {
  readonly subscriptions: LazySet<Subscription> = new LazySet();
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
  // What few consumers have takes no memory in the others.
  private resumeAt: Map<string, number> | undefined = undefined;
  private noStreams: Set<string> | undefined = undefined;
  private onSubscribed: (() => void)[] | undefined = undefined;
  private pauses: Set<() => void> | undefined = undefined;
  private paces: Map<string, ResubscribePace> | undefined = undefined;
  private isBusy = true;
  private next: Queue<() => void> | undefined = undefined;

  /**
   * Does a task when what is under way is done.
   *
   * @param task calls what it is given when it is done itself.
   * @param over called instead if the consumer has ended by then.
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
    if (!this.isBusy) {
      run();
      return;
    }
    this.next ??= new Queue();
    this.next.push(run);
  }

  /** Whether nothing is under way. */
  get isSteady(): boolean {
    return !this.isBusy;
  }

  /** The pace at which a queue is subscribed to again. */
  paceOf(queue: string): ResubscribePace {
    this.paces ??= new Map();
    const pace = this.paces.get(queue) ?? new ResubscribePace();
    this.paces.set(queue, pace);
    return pace;
  }

  /** Where to read a stream on. */
  resume(queue: string, offset: number): void {
    this.resumeAt ??= new Map();
    this.resumeAt.set(queue, offset);
  }

  /** Where to read a stream on; `undefined` if it was not read yet, and for any other queue. */
  resumeOffset(queue: string): number | undefined {
    return this.resumeAt?.get(queue);
  }

  /** A queue was taken for a stream, and the broker reports that it is not one. */
  noteNoStream(queue: string): void {
    this.resumeAt?.delete(queue);
    this.noStreams ??= new Set();
    this.noStreams.add(queue);
  }

  /** Whether the broker has reported that a queue is not a stream. */
  isNoStream(queue: string): boolean {
    return this.noStreams?.has(queue) === true;
  }

  /** Calls with the next subscribing, or with the end: a limit that was changed while the connection was lost. */
  whenSubscribed(call: () => void): void {
    this.onSubscribed ??= [];
    this.onSubscribed.push(call);
  }

  /** It is subscribed, or has ended. */
  tellSubscribed(): void {
    const calls = this.onSubscribed ?? [];
    this.onSubscribed = undefined;
    for (const call of calls) call();
  }

  /** One whose consume the broker has not answered. */
  get unanswered(): Subscription | undefined {
    for (const subscription of this.subscriptions) if (!subscription.isAnswered) return subscription;
    return undefined;
  }

  /** A queue is subscribed to again after a pause. @param undo stops its timer. */
  beginPause(undo: () => void): void {
    this.pauses ??= new Set();
    this.pauses.add(undo);
  }

  /** A pause is over. @param undo as `beginPause` was given it. */
  endPause(undo: () => void): void {
    this.pauses?.delete(undo);
  }

  /** Whether a queue waits for the end of its pause. */
  get isPausing(): boolean {
    return this.pauses !== undefined && this.pauses.size > 0;
  }

  /** Subscribes to nothing again. */
  stopPauses(): void {
    for (const undo of this.pauses ?? []) undo();
    this.pauses = undefined;
  }

  /** What was under way is done: the next may go on. */
  goOn(): void {
    this.isBusy = false;
    this.next?.shift()?.();
  }
}
