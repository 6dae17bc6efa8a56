/**
 * The graceful end: cancels the consumers, waits for their handlers, for publishes and operations, then closes.
 * Must not know how any of them works.
 *
 * Which handlers it waits for. A handler is a callback whose promise is open, or the body of a loop.
 * 1. One whose message is settled is finished.
 * 2. One that calls `shutdown()` before its first `await` is known as the caller, and not waited for.
 * 3. After an `await` the caller cannot be distinguished from a handler that still works. One with an unsettled message is waited
 *    for, because the broker would deliver that message again. One of a no-ack consumer is waited for as long as something
 *    of the client goes on, and for `closeTimeout` after that: it may be the caller, and the broker keeps nothing for it.
 */

import type { ClientState } from './connection/client-states.ts';
import type { Consumer } from './consuming/consumer.ts';
import type { Cancelled } from './consuming/options.ts';
import type { BoundsHost } from './operations/bounds.ts';
import { type Callback, Operation, type OperationHost } from './operations/operation.ts';
import type { OperationOptions } from './operations/operation-options.ts';
import { LazySet } from './runtime/lazy-collections.ts';

/** Options of `shutdown`. */
export interface ShutdownOptions {
  /** Milliseconds after which it closes without waiting any longer. Default 30 000. */
  readonly timeout?: number | undefined;
}

/** What became of everything that `shutdown()` waits for. All are zero when everything was finished in time. */
export interface ShutdownReport {
  /** Handlers and loops that had not finished, and messages of no-ack consumers that no handler had got. */
  readonly handlersAbandoned: number;
  /** Publishes without an outcome. */
  readonly publishesUnknown: number;
  /** Declarations, gets and the like without an outcome. */
  readonly operationsUnknown: number;
}

/** What it needs of its client. */
export interface ShutdownHost extends OperationHost, BoundsHost {
  readonly life: {
    readonly state: ClientState;
    close(options: OperationOptions, callback: undefined): Operation<void>;
  };
  readonly users: {
    /** Publishes without an outcome. */
    readonly openPublishes: number;
    /** Requests and gets without an outcome. */
    readonly openOperations: number;
    /** Those that have failed because a connection ended for good, since the client was made. */
    readonly failedByEnd: { readonly publishes: number; readonly operations: number };
    readonly subscriptions: { readonly consumers: Iterable<Consumer> };
  };
  readonly cancelling: { cancel(consumer: Consumer): Operation<Cancelled> };
  readonly drive: {
    /** The client works by itself until the function returned is called. */
    hold(): () => void;
  };
  /** There is something to send. */
  wake(): void;
  /** `closeTimeout`: how long handlers without acks are waited for while nothing goes on, in milliseconds. Default 5000. */
  readonly options: { readonly closeTimeout?: number | undefined };
}

/** One that is under way. */
interface Shutdown {
  /** Something has been finished: closes, if all is done. */
  check(): void;
  /** Closes in any case. */
  finish(): void;
}

/** The shutdowns of one client. */
export class Shutdowns {
  private readonly host: ShutdownHost;
  private readonly running = new LazySet<Shutdown>();
  private moveIsDue = false;

  constructor(host: ShutdownHost) {
    this.host = host;
  }

  /** See `Client.shutdown`. */
  start(timeoutMs: number, callback: Callback<ShutdownReport> | undefined): Operation<ShutdownReport> {
    const { host } = this;
    const operation = new Operation<ShutdownReport>(host, 'shutdown', callback);
    const consumers = [...host.users.subscriptions.consumers];
    for (const consumer of consumers) consumer.excuseCaller();
    const { publishes, operations } = host.users.failedByEnd;
    const report = (): ShutdownReport => {
      const { openPublishes, openOperations, failedByEnd } = host.users;
      return {
        handlersAbandoned: consumers.reduce((sum, { busyCount }) => sum + busyCount, 0),
        publishesUnknown: openPublishes + failedByEnd.publishes - publishes,
        operationsUnknown: openOperations + failedByEnd.operations - operations,
      };
    };
    this.end(timeoutMs, operation, consumers, report);
    return operation;
  }

  /** An operation or a publish has got its outcome, or a handler has finished. */
  readonly somethingSettled = (): void => {
    if (this.running.size === 0) return;
    for (const shutdown of [...this.running]) shutdown.check();
  };

  /** Not at once: a handler that settles its message may publish in the same turn. */
  private readonly handlerMoved = (): void => {
    if (this.moveIsDue || this.running.size === 0) return;
    this.moveIsDue = true;
    void Promise.resolve().then(() => {
      this.moveIsDue = false;
      this.somethingSettled();
    });
  };

  /** There is nothing left to wait for. */
  connectionClosed(): void {
    for (const shutdown of [...this.running]) shutdown.finish();
  }

  private end(
    timeoutMs: number,
    operation: Operation<ShutdownReport>,
    consumers: readonly Consumer[],
    report: () => ShutdownReport,
  ): void {
    const { host, running } = this;
    const { closeTimeout = 5000 } = host.options;
    const release = host.drive.hold();
    let cancelling = 0;
    const isMoving = (): boolean => {
      const { openPublishes, openOperations } = host.users;
      return cancelling + openPublishes + openOperations > 0;
    };
    const isWaitedFor = ({ noAck, busyCount }: Consumer): boolean => busyCount > 0 && !(noAck && isQuiet);
    let isQuiet = false;
    let undoQuiet = (): void => {};
    /** Something has been finished, and only handlers are left. */
    const startQuiet = (): void => {
      undoQuiet();
      undoQuiet = host.deadlines.add(host.now() + closeTimeout, () => {
        // What a handler has begun meanwhile calls `check()` when it is done.
        if (isMoving()) return;
        isQuiet = true;
        if (!consumers.some(isWaitedFor)) shutdown.finish();
      });
    };
    const shutdown: Shutdown = {
      check: () => {
        if (isMoving()) return;
        if (consumers.some(isWaitedFor)) startQuiet();
        else shutdown.finish();
      },
      finish: () => {
        if (!running.delete(shutdown)) return;
        undoQuiet();
        const reported = report();
        const closing = host.life.close({}, undefined);
        const closed = (): void => {
          undoTimeout();
          release();
          operation.fulfil(reported);
        };
        // The timeout is that of the close too, which goes on after it.
        giveUp = () => operation.fulfil(reported);
        if (closing.state === 'pending') closing.watch(closed);
        else closed();
      },
    };
    let giveUp = (): void => {
      shutdown.finish();
      giveUp();
    };
    running.add(shutdown);
    const undoTimeout = host.deadlines.add(host.now() + timeoutMs, () => giveUp());
    const { state } = host.life;
    if (state !== 'connected' && state !== 'recovering') {
      shutdown.finish();
      return;
    }
    for (const consumer of consumers) {
      consumer.idleWatcher = this.handlerMoved;
      const cancel = host.cancelling.cancel(consumer);
      if (cancel.state !== 'pending') continue;
      cancelling++;
      cancel.watch(() => {
        cancelling--;
        shutdown.check();
      });
    }
    shutdown.check();
    host.wake();
  }
}
