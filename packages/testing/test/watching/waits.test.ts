import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Waits } from '../../src/watching/waits.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A wait whose end is in the test's hand. */
function begin(waits: Waits, timeoutMs?: number) {
  const undone = vi.fn<() => void>();
  let done = (_value: string): void => {};
  let fail = (_error: unknown): void => {};
  const promise = waits.start<string>(timeoutMs === undefined ? {} : { timeoutMs }, {
    describe: () => 'the dish was not washed',
    begin: (...ends) => {
      [done, fail] = ends;
      return undone;
    },
  });
  return { promise, undone, done: (value: string) => done(value), fail: (error: unknown) => fail(error) };
}

it('ends with the value it is called with, and leaves nothing behind', async () => {
  const { promise, done, undone } = begin(new Waits());
  done('clean');
  expect(await promise).toBe('clean');
  expect(undone).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

it('ends with the given error', async () => {
  const { promise, fail, undone } = begin(new Waits());
  fail(new Error('broken'));
  await expect(promise).rejects.toThrow('broken');
  expect(undone).toHaveBeenCalledTimes(1);
});

it('reports what there is instead when it has taken too long', async () => {
  const { promise, undone } = begin(new Waits(), 30);
  const refused = expect(promise).rejects.toMatchObject({
    name: 'OperationTimeout',
    message: 'the dish was not washed within 30 ms',
  });
  await vi.advanceTimersByTimeAsync(30);
  await refused;
  expect(undone).toHaveBeenCalledTimes(1);
});

it('takes no longer than four seconds by default', async () => {
  const { promise } = begin(new Waits());
  const refused = expect(promise).rejects.toThrow('within 4000 ms');
  await vi.advanceTimersByTimeAsync(4000);
  await refused;
});

it('ends all when it is stopped, and begins no more', async () => {
  const waits = new Waits();
  const { promise, undone } = begin(waits);
  const refused = expect(promise).rejects.toThrow('the dish was not washed; the broker has been stopped');
  waits.stop();
  await refused;
  expect(undone).toHaveBeenCalledTimes(1);
  await expect(begin(waits).promise).rejects.toMatchObject({ name: 'UsageError' });
});

it('waits forever with a timeout of Infinity', async () => {
  vi.useRealTimers();
  const { promise, done } = begin(new Waits(), Number.POSITIVE_INFINITY);
  // Node runs the shorter of two timers first, and treats a timer of Infinity as one of 1 ms.
  await new Promise<void>((resolve) => setTimeout(resolve, 2));
  done('clean');
  expect(await promise).toBe('clean');
});
