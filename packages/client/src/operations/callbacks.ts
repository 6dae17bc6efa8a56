/**
 * Runs what is ready: callbacks of operations, then those of consumers, and reports failures that no caller has observed.
 * What a callback throws affects no other code. Must not know the network.
 */
import { Queue } from '../runtime/queue.ts';
import { isThenable } from '../runtime/thenable.ts';
import type { Operation } from './operation.ts';
import { reportRejection } from './returned-promise.ts';

/** Has callbacks of its own to run: a consumer. */
export interface CallbackOwner {
  /** Runs all that are due. @param report takes what a callback throws. */
  runCallbacks(report: (error: unknown) => void): void;
}

/** What it needs of its client. */
export interface CallbacksHost {
  /** There is something to run: `run()` is due, never inside this call. */
  turnIsDue(): void;
  /** No caller observed a failure, or a callback threw. */
  unobserved(error: unknown, operation: Operation<unknown> | undefined): void;
}

/** Of one client. */
export class Callbacks {
  private readonly host: CallbacksHost;
  private readonly operations = new Queue<Operation<unknown>>();
  private readonly consumers = new Queue<CallbackOwner>();
  private unseen: Operation<unknown>[] = [];
  private isRunning = false;
  /** Failed in the turn before: its callers have had their time to look. */
  private overdue: Operation<unknown>[] = [];
  /** What callbacks threw, or rejected with. */
  private thrown: { readonly error: unknown; readonly operation: Operation<unknown> | undefined }[] = [];

  constructor(host: CallbacksHost) {
    this.host = host;
  }

  /** Whether there is something to run. */
  get isDue(): boolean {
    const { operations, consumers, unseen, overdue, thrown } = this;
    return operations.length + consumers.length + unseen.length + overdue.length + thrown.length > 0;
  }

  /** Its callback has to be called. */
  addOperation(operation: Operation<unknown>): void {
    this.operations.push(operation);
    this.host.turnIsDue();
  }

  /** Its callback has to be called for what waits there. */
  addConsumer(consumer: CallbackOwner): void {
    this.consumers.push(consumer);
    this.host.turnIsDue();
  }

  /** It is reported, unless its outcome is asked for in this turn. */
  addUnseen(operation: Operation<unknown>): void {
    this.unseen.push(operation);
    this.host.turnIsDue();
  }

  /** Runs what is ready now. What becomes ready meanwhile is for the next turn, so that this one ends. */
  run(): void {
    if (this.isDue) this.turn(() => this.runReady());
  }

  /** As `run()`, but with what becomes ready meanwhile: a program that drives by hand waits for the network next, not for a turn. */
  runAll(): void {
    this.turn(() => {
      while (this.operations.length + this.consumers.length > 0) this.runReady();
    });
  }

  private runReady(): void {
    const { operations, consumers } = this;
    for (let left = operations.length; left > 0; left--) this.runNextOperation();
    for (let left = consumers.length; left > 0; left--) {
      consumers.shift()?.runCallbacks((error) => this.addThrown(error, undefined));
    }
  }

  private turn(work: () => void): void {
    const { overdue } = this;
    this.overdue = this.unseen;
    this.unseen = [];
    this.isRunning = true;
    work();
    this.isRunning = false;
    const { thrown } = this;
    if (thrown.length > 0) {
      this.thrown = [];
      for (const { error, operation } of thrown) this.host.unobserved(error, operation);
    }
    for (const operation of overdue) {
      if (!operation.isObserved) this.host.unobserved(operation.error, operation);
    }
    if (this.isDue) this.host.turnIsDue();
  }

  /**
   * What a callback or a listener threw. Reported in this turn, or in the next if it comes late: an async callback may fail
   * at any time.
   */
  addThrown(error: unknown, operation: Operation<unknown> | undefined): void {
    this.thrown.push({ error, operation });
    if (!this.isRunning) this.host.turnIsDue();
  }

  private runNextOperation(): void {
    const operation = this.operations.shift();
    if (operation === undefined) return;
    try {
      const returned = operation.runCallback();
      if (isThenable(returned)) this.watchCallback(returned, operation);
    } catch (error) {
      this.addThrown(error, operation);
    }
  }

  /** Apart from `runNextOperation`, because a closure would cost each callback. */
  private watchCallback(returned: PromiseLike<unknown>, operation: Operation<unknown>): void {
    reportRejection(returned, (error) => this.addThrown(error, operation));
  }
}
