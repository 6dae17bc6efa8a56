/**
 * `signal` and `timeout` of an operation: checks them, and ends the operation when one of them fires.
 * Must not know what the operation does.
 */
import { OperationTimeout, UsageError } from '@puka/errors';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { Operation } from './operation.ts';
import type { OperationOptions } from './operation-options.ts';
import { checkSignal, type Signals } from './signals.ts';

/** What bounds need of their client. */
export interface BoundsHost {
  readonly deadlines: Deadlines;
  readonly signals: Signals;
  /** The client's clock, in milliseconds. */
  now(): number;
}

/**
 * Puts `signal` and `timeout` in force.
 *
 * @param forget called after the rejection when the operation is given up.
 * @returns whether the operation is still to be done.
 */
export function applyBounds(
  host: BoundsHost,
  operation: Operation<unknown>,
  options: OperationOptions,
  forget?: () => void,
): boolean {
  const { signal, timeout } = options;
  if (signal === undefined && timeout === undefined) return operation.state === 'pending';
  const giveUp = (error: unknown): void => {
    operation.reject(error);
    forget?.();
  };
  try {
    checkTimeout(timeout);
    checkSignal(signal);
  } catch (error) {
    giveUp(error);
    return false;
  }
  if (signal?.aborted) {
    giveUp(signal.reason);
    return false;
  }
  const undoSignal = signal === undefined ? undefined : host.signals.watch(signal, giveUp);
  const undoTimeout =
    timeout === undefined
      ? undefined
      : host.deadlines.add(host.now() + timeout, () => giveUp(timeoutOf(operation, timeout)));
  operation.whenSettled(() => {
    undoSignal?.();
    undoTimeout?.();
  });
  return true;
}

/** Whether an operation has a `signal` or a `timeout` of its own. */
export function hasBounds({ signal, timeout }: OperationOptions): boolean {
  return signal !== undefined || timeout !== undefined;
}

/** @throws {UsageError} for what is no time in milliseconds. */
export function checkTimeout(timeout: unknown): void {
  if (timeout === undefined || (typeof timeout === 'number' && timeout >= 0)) return;
  throw new UsageError(`timeout is ${String(timeout)}; it takes milliseconds, 0 or more`);
}

function timeoutOf(operation: Operation<unknown>, timeout: number): OperationTimeout {
  return new OperationTimeout(`${operation.method} took longer than its timeout of ${timeout} ms`, {
    method: operation.method,
    outcome: operation.isSent ? 'unknown' : 'not-sent',
  });
}
