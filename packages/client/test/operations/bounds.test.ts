import { OperationTimeout, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { applyBounds, type BoundsHost, checkTimeout, hasBounds } from '../../src/operations/bounds.ts';
import { Operation, type OperationHost } from '../../src/operations/operation.ts';
import type { OperationOptions } from '../../src/operations/operation-options.ts';
import { Signals } from '../../src/operations/signals.ts';
import { Deadlines } from '../../src/runtime/deadlines.ts';

const operationHost: OperationHost = { nextNumber: () => 1, callbackReady: () => {}, failedUnseen: () => {} };

function scene(options: OperationOptions) {
  const deadlines = new Deadlines(() => {});
  const host: BoundsHost = { deadlines, signals: new Signals(), now: () => 1000 };
  const operation = new Operation<string>(operationHost, 'queue.declare', undefined);
  let forgotten = 0;
  const isToDo = applyBounds(host, operation, options, () => forgotten++);
  return { deadlines, operation, isToDo, forgotten: () => forgotten };
}

describe('bounds', () => {
  it('leave what was to be called at the end of the operation', () => {
    const host: BoundsHost = { deadlines: new Deadlines(() => {}), signals: new Signals(), now: () => 0 };
    const operation = new Operation<void>(operationHost, 'queue.declare', undefined);
    let calls = 0;
    operation.whenSettled(() => calls++);
    applyBounds(host, operation, { timeout: 50 });
    operation.fulfil(undefined);
    expect([calls, host.deadlines.nextMs]).toEqual([1, Number.POSITIVE_INFINITY]);
  });

  it('there are none unless they are given', () => {
    const { isToDo, operation, deadlines } = scene({});
    expect([isToDo, operation.state, deadlines.nextMs]).toEqual([true, 'pending', Number.POSITIVE_INFINITY]);
    expect([hasBounds({}), hasBounds({ timeout: 0 })]).toEqual([false, true]);
  });

  it.each([
    [false, 'not-sent'],
    [true, 'unknown'],
  ])('a timeout ends the operation; sent %s, its outcome is %s', (isSent, outcome) => {
    const { deadlines, operation, forgotten } = scene({ timeout: 50 });
    operation.isSent = isSent;
    deadlines.expire(1049);
    expect(operation.state).toBe('pending');
    deadlines.expire(1050);
    expect(operation.error).toBeInstanceOf(OperationTimeout);
    expect(operation.error).toMatchObject({ outcome, method: 'queue.declare' });
    expect(forgotten()).toBe(1);
  });

  it('a signal ends it with its reason, at once where it is aborted already', () => {
    const abort = new AbortController();
    const { operation, forgotten } = scene({ signal: abort.signal });
    abort.abort('enough');
    expect([operation.error, forgotten()]).toEqual(['enough', 1]);
    const late = scene({ signal: abort.signal });
    expect([late.isToDo, late.operation.error, late.forgotten()]).toEqual([false, 'enough', 1]);
  });

  it('are lifted when the operation settles', () => {
    const abort = new AbortController();
    const { deadlines, operation, forgotten } = scene({ signal: abort.signal, timeout: 50 });
    operation.fulfil('done');
    abort.abort();
    expect([deadlines.nextMs, operation.result, forgotten()]).toEqual([Number.POSITIVE_INFINITY, 'done', 0]);
  });

  it('that are none are refused', () => {
    const wrong: unknown = { signal: 'stop' };
    expect(scene(wrong as OperationOptions).operation.error).toBeInstanceOf(UsageError); // As from plain JavaScript.
    for (const timeout of [-1, Number.NaN, '5', null]) expect(() => checkTimeout(timeout)).toThrow(UsageError);
  });
});
