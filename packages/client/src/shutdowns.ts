/**
 * The graceful end: cancels the consumers, waits for their handlers, for publishes and operations, then closes.
 * Must not know how any of them works.
 */

import type { ClientState } from './connection/client-states.ts';
import type { Consumer } from './consuming/consumer.ts';
import type { Cancelled } from './consuming/options.ts';
import type { BoundsHost } from './operations/bounds.ts';
import { type Callback, follow, Operation, type OperationHost } from './operations/operation.ts';
import type { OperationOptions } from './operations/operation-options.ts';

/** What it needs of its client. */
export interface ShutdownHost extends OperationHost, BoundsHost {
  readonly life: {
    readonly state: ClientState;
    close(options: OperationOptions, callback: undefined): Operation<void>;
  };
  readonly users: {
    /** Publishes, requests and gets without an outcome. */
    readonly outstanding: number;
    readonly subscriptions: { readonly consumers: Iterable<Consumer> };
  };
  readonly cancelling: { cancel(consumer: Consumer): Operation<Cancelled> };
  /** The client works by itself until the function returned is called. */
  hold(): () => void;
  /** There is something to send. */
  wake(): void;
}

/** One that is under way. */
interface Shutdown {
  /** Closes, if all is done. */
  check(): void;
  /** Closes in any case. */
  finish(): void;
}

/** The shutdowns of one client. */
export class Shutdowns {
  private readonly host: ShutdownHost;
  private readonly running = new Set<Shutdown>();
  private moveIsDue = false;

  constructor(host: ShutdownHost) {
    this.host = host;
  }

  /** See `Client.shutdown`. */
  start(timeoutMs: number, callback: Callback<void> | undefined): Operation<void> {
    const { host } = this;
    const operation = new Operation<void>(host, 'shutdown', callback);
    operation.watch(host.hold());
    const { state } = host.life;
    if (state !== 'connected' && state !== 'recovering') {
      follow(host.life.close({}, undefined), operation);
      return operation;
    }
    this.end(timeoutMs, operation);
    return operation;
  }

  /** An operation or a publish has got its outcome, or a handler has finished. */
  readonly somethingSettled = (): void => {
    for (const shutdown of [...this.running]) shutdown.check();
  };

  /** Not at once: a handler that settles its message may publish in the same breath. */
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

  private end(timeoutMs: number, operation: Operation<void>): void {
    const { host, running } = this;
    const consumers = [...host.users.subscriptions.consumers];
    for (const consumer of consumers) consumer.excuseCaller();
    let cancelling = consumers.length;
    const isBusy = (): boolean =>
      cancelling + host.users.outstanding > 0 || consumers.some(({ busyCount }) => busyCount > 0);
    const shutdown: Shutdown = {
      check: () => {
        if (!isBusy()) shutdown.finish();
      },
      finish: () => {
        if (!running.delete(shutdown)) return;
        undoTimeout();
        follow(host.life.close({}, undefined), operation);
      },
    };
    running.add(shutdown);
    const undoTimeout = host.deadlines.add(host.now() + timeoutMs, () => shutdown.finish());
    for (const consumer of consumers) {
      consumer.idleWatcher = this.handlerMoved;
      const cancel = host.cancelling.cancel(consumer);
      const cancelled = (): void => {
        cancelling--;
        shutdown.check();
      };
      if (cancel.state === 'pending') cancel.watch(cancelled);
      else cancelling--;
    }
    shutdown.check();
    host.wake();
  }
}
