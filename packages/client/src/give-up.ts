/**
 * Gives operations up: by an abort signal, or when their time is over. One listener a signal and one timer in all,
 * however many operations hang on them. Must not read a clock.
 */
import { OperationTimeout } from '@puka/errors';
import type { AbortSignalLike } from '@puka/transport';
import type { Operation } from './operation.ts';

interface Watched {
  readonly operations: Set<Operation<unknown>>;
  readonly listener: () => void;
}

/** Of one client. */
export class GiveUp {
  private readonly signals = new Map<AbortSignalLike, Watched>();
  private readonly deadlines = new Map<Operation<unknown>, number>();
  private next = Number.POSITIVE_INFINITY;

  /** When `expire` is due; `Infinity` for never. */
  get nextDeadline(): number {
    return this.next;
  }

  /** Lets go of the operation at the signal. The operation's `release` undoes it. */
  watch(operation: Operation<unknown>, signal: AbortSignalLike): () => void {
    const watched = this.signals.get(signal) ?? this.listen(signal);
    watched.operations.add(operation);
    return () => {
      watched.operations.delete(operation);
      if (watched.operations.size > 0 || this.signals.get(signal) !== watched) return;
      this.signals.delete(signal);
      signal.removeEventListener('abort', watched.listener);
    };
  }

  /** Lets go of the operation at a moment. The operation's `release` undoes it. */
  expireAt(operation: Operation<unknown>, deadlineMs: number): () => void {
    this.deadlines.set(operation, deadlineMs);
    if (deadlineMs < this.next) this.next = deadlineMs;
    return () => this.deadlines.delete(operation);
  }

  /** Rejects those whose time is over. */
  expire(nowMs: number): void {
    if (nowMs < this.next) return;
    this.next = Number.POSITIVE_INFINITY;
    for (const [operation, deadline] of [...this.deadlines]) {
      if (deadline > nowMs) {
        this.next = Math.min(this.next, deadline);
        continue;
      }
      operation.reject(
        new OperationTimeout(`${operation.method} took longer than its timeout`, { method: operation.method }),
      );
    }
  }

  private listen(signal: AbortSignalLike): Watched {
    const operations = new Set<Operation<unknown>>();
    const listener = (): void => {
      this.signals.delete(signal);
      signal.removeEventListener('abort', listener);
      for (const operation of [...operations]) operation.reject(signal.reason);
    };
    const watched = { operations, listener };
    this.signals.set(signal, watched);
    signal.addEventListener('abort', listener);
    return watched;
  }
}
