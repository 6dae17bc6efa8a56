/**
 * The graceful end: cancels the consumers, waits for their handlers, for publishes and operations, then closes.
 * Must not know how any of them works.
 */
import type { Connection } from './connection.ts';
import type { Consumer } from './consumer.ts';
import type { Deadlines } from './deadlines.ts';
import { type Callback, follow, Operation, type OperationHost } from './operation.ts';

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
  cancelConsumer(consumer: Consumer): Operation<{ readonly consumerTag: string }>;
  close(callback: undefined): Operation<void>;
}

/** The shutdowns of one client. */
export class Shutdowns {
  private readonly host: ShutdownHost;
  private readonly checks = new Set<() => void>();

  constructor(host: ShutdownHost) {
    this.host = host;
  }

  /** See `Client.shutdown`. */
  start(timeoutMs: number, callback: Callback<void> | undefined): Operation<void> {
    const { host } = this;
    const operation = new Operation<void>(host, 'shutdown', callback);
    const { connection } = host;
    const parts = connection?.parts;
    if (connection === undefined || parts === undefined) {
      follow(host.close(undefined), operation);
      return operation;
    }
    operation.watch(host.hold());
    const undoTimeout = host.deadlines.add(host.now() + timeoutMs, () => finish());
    const consumers = [...parts.consuming.consumers];
    let cancelling = consumers.length;
    const check = (): void => {
      const isBusy = cancelling > 0 || host.pendingOperations > 0 || parts.publisher.outstanding > 0;
      if (!isBusy && !consumers.some((consumer) => consumer.isBusy)) finish();
    };
    const finish = (): void => {
      if (!this.checks.delete(check)) return;
      for (const consumer of consumers) consumer.idleWatcher = undefined;
      undoTimeout();
      follow(host.close(undefined), operation);
    };
    this.checks.add(check);
    for (const consumer of consumers) {
      consumer.idleWatcher = check;
      const cancel = host.cancelConsumer(consumer);
      const cancelled = (): void => {
        cancelling--;
        check();
      };
      if (cancel.state === 'pending') cancel.watch(cancelled);
      else cancelling--;
    }
    check();
    host.rearm();
    connection.driver.wake();
    return operation;
  }

  /** An operation or a publish has got its outcome. */
  somethingSettled(): void {
    if (this.checks.size === 0) return;
    for (const check of [...this.checks]) check();
  }
}
