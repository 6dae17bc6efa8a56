/**
 * `wait` and `loop`: the third style beside promises and callbacks. Driven by hand, the client works by itself while
 * a caller waits. Must not run callbacks: the turns do.
 */
import { UsageError } from '@puka/errors';
import type { AbortSignalLike } from '@puka/transport';
import { Consumer, type MessageTaker } from './consuming/consumer.ts';
import type { Message } from './consuming/message.ts';
import { type BoundsHost, checkTimeout } from './operations/bounds.ts';
import { Operation, type OperationHost } from './operations/operation.ts';
import { checkSignal } from './operations/signals.ts';

/** What can be waited for. */
export type Waitable = Operation<unknown> | Consumer;

/** What a wait resolves with: the result of an operation, the next message of a consumer. */
export type WaitResult<Thing> = Thing extends Consumer
  ? Message
  : Thing extends Operation<infer Result>
    ? Result
    : never;

/** Options of `wait` and its kin. */
export interface WaitOptions {
  /** Milliseconds after which the wait ends with `undefined`; what it waited for goes on. Default: never. */
  readonly timeout?: number | undefined;
  /** `false` resolves with the error as the value. Default `true`. */
  readonly raiseErrors?: boolean | undefined;
  /** Ends the wait: it rejects with `signal.reason`. What it waited for goes on. */
  readonly signal?: AbortSignalLike | undefined;
}

/** What waiting needs of its client. */
export interface WaitingHost extends OperationHost, BoundsHost {
  /** Is called with the messages that waits get; `undefined` if there is no listener. */
  readonly deliveryObserver?: { waitTook(message: Message): void } | undefined;
  readonly drive: {
    /** The client works by itself until the function returned is called. */
    hold(): () => void;
    /** Sends what there is to send. */
    flush(): void;
  };
}

/** Waits for the first of several things. */
export async function waitForFirst(
  host: WaitingHost,
  things: readonly Waitable[],
  options: WaitOptions,
): Promise<unknown> {
  const { timeout, raiseErrors = true, signal } = options;
  checkTimeout(timeout);
  checkSignal(signal);
  if (things.length === 0) throw new UsageError('wait takes one promise or more');
  for (const thing of things) checkWaitable(thing, host);
  if (signal?.aborted) throw signal.reason;
  return new Promise((resolve, reject) => {
    const undo: (() => void)[] = [host.drive.hold()];
    let isOver = false;
    let open = things.length;
    const finish = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      for (const step of undo) step();
      settle();
    };
    const fail = (error: unknown): void => finish(() => (raiseErrors ? reject(error) : resolve(error)));
    const took = (message: Message): void => {
      host.deliveryObserver?.waitTook(message);
      finish(() => resolve(message));
    };
    const ended = (consumer: Consumer): void => {
      if (--open === 0) fail(consumer.lostBy ?? new UsageError('wait on a consumer that has ended'));
    };
    for (const thing of things) {
      if (thing instanceof Consumer) undo.push(takeMessage(thing, took, fail, ended));
      else undo.push(takeOutcome(thing, (result) => finish(() => resolve(result)), fail));
      if (isOver) break;
    }
    if (isOver) {
      for (const step of undo) step();
      return;
    }
    if (signal !== undefined) undo.push(host.signals.watch(signal, (reason) => finish(() => reject(reason))));
    if (timeout === undefined) return;
    undo.push(host.deadlines.add(host.now() + timeout, () => finish(() => resolve(undefined))));
  });
}

/** @throws {UsageError} for what this client would not work on while a caller waits. */
function checkWaitable(thing: unknown, host: WaitingHost): void {
  const operation = thing instanceof Consumer ? thing.ready : thing;
  if (operation instanceof Operation && operation.isOf(host)) return;
  throw new UsageError('wait takes promises and consumers of this client');
}

function takeOutcome(
  operation: Operation<unknown>,
  succeed: (result: unknown) => void,
  fail: (error: unknown) => void,
): () => void {
  const read = (): void => {
    operation.isObserved = true;
    if (operation.state === 'fulfilled') succeed(operation.result);
    else fail(operation.error);
  };
  if (operation.state === 'pending') return operation.watch(read);
  read();
  return () => {};
}

function takeMessage(
  consumer: Consumer,
  succeed: (message: Message) => void,
  fail: (error: unknown) => void,
  ended: (consumer: Consumer) => void,
): () => void {
  if (consumer.isExhausted) {
    ended(consumer);
    return () => {};
  }
  const taker: MessageTaker = {
    take: (message) => {
      // There would be no event for its end.
      if (consumer.noAck) message.keepBody();
      succeed(message);
    },
    end: (error) => {
      if (error === undefined) ended(consumer);
      else fail(error);
    },
  };
  consumer.next(taker);
  return () => consumer.leave(taker);
}

/** Why a loop ended. */
export type LoopEnd = 'break' | 'close' | 'timeout';

/** The loops of one client. */
export class Loops {
  private readonly host: WaitingHost;
  private readonly running = new Set<(end: LoopEnd) => void>();

  constructor(host: WaitingHost) {
    this.host = host;
  }

  /** Starts one. @returns ends it without an error. */
  start(timeout: number | undefined, ended: (end: LoopEnd) => void): () => void {
    checkTimeout(timeout);
    const undo = [this.host.drive.hold()];
    const stop = (): void => {
      if (!this.running.delete(finish)) return;
      for (const step of undo) step();
    };
    const finish = (end: LoopEnd): void => {
      stop();
      this.host.drive.flush();
      ended(end);
    };
    this.running.add(finish);
    if (timeout !== undefined) {
      undo.push(this.host.deadlines.add(this.host.now() + timeout, () => finish('timeout')));
    }
    return stop;
  }

  /** Ends all. */
  end(end: LoopEnd): void {
    for (const finish of [...this.running]) finish(end);
  }
}
