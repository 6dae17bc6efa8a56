/**
 * The graceful end: cancels the consumers, waits for their handlers, for publishes and operations, then closes.
 * Must not know how any of them works.
 */
import type { Connection, ConnectionParts } from './connection/connection.ts';
import type { Consumer } from './consuming/consumer.ts';
import { type Callback, follow, Operation, type OperationHost } from './operations/operation.ts';
import type { Cancelled, OperationOptions } from './options.ts';
import type { Deadlines } from './runtime/deadlines.ts';

/** What it needs of its client. */
export interface ShutdownHost extends OperationHost {
  readonly connection: Connection | undefined;
  readonly deadlines: Deadlines;
  /** Operations that are under way. */
  readonly pendingOperations: number;
  now(): number;
  /** The client works by itself until the function returned is called. */
  hold(): () => void;
  /** A deadline was added. */
  rearm(): void;
  cancelConsumer(consumer: Consumer): Operation<Cancelled>;
  close(options: OperationOptions, callback: undefined): Operation<void>;
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

  constructor(host: ShutdownHost) {
    this.host = host;
  }

  /** See `Client.shutdown`. */
  start(timeoutMs: number, callback: Callback<void> | undefined): Operation<void> {
    const { host } = this;
    const operation = new Operation<void>(host, 'shutdown', callback);
    const parts = host.connection?.parts;
    operation.watch(host.hold());
    if (parts === undefined) {
      follow(host.close({}, undefined), operation);
      return operation;
    }
    this.end(parts, timeoutMs, operation);
    return operation;
  }

  /** An operation or a publish has got its outcome, or a handler has finished. */
  readonly somethingSettled = (): void => {
    for (const shutdown of [...this.running]) shutdown.check();
  };

  /** There is nothing left to wait for. */
  connectionClosed(): void {
    for (const shutdown of [...this.running]) shutdown.finish();
  }

  private end(parts: ConnectionParts, timeoutMs: number, operation: Operation<void>): void {
    const { host, running } = this;
    const { consuming, publisher, getting } = parts;
    const consumers = [...consuming.consumers];
    let cancelling = consumers.length;
    const isBusy = (): boolean =>
      cancelling + host.pendingOperations + publisher.outstanding + getting.outstanding > 0 ||
      consumers.some((consumer) => consumer.isBusy);
    const shutdown: Shutdown = {
      check: () => {
        if (!isBusy()) shutdown.finish();
      },
      finish: () => {
        if (!running.delete(shutdown)) return;
        undoTimeout();
        follow(host.close({}, undefined), operation);
      },
    };
    running.add(shutdown);
    const undoTimeout = host.deadlines.add(host.now() + timeoutMs, () => shutdown.finish());
    for (const consumer of consumers) {
      consumer.idleWatcher = this.somethingSettled;
      const cancel = host.cancelConsumer(consumer);
      const cancelled = (): void => {
        cancelling--;
        shutdown.check();
      };
      if (cancel.state === 'pending') cancel.watch(cancelled);
      else cancelling--;
    }
    shutdown.check();
    host.rearm();
    host.connection?.driver.wake();
  }
}
