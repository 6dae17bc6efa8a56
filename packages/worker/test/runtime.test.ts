import { expect, it } from 'vitest';
import { defaultRuntime, newAborter, timeOfDay } from '../src/runtime.ts';

it('has the timers and the clock of the runtime', async () => {
  const before = defaultRuntime.now();
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    const stopped = defaultRuntime.startTimer(() => order.push('stopped'), 1);
    defaultRuntime.startTimer(() => {
      order.push('run');
      resolve();
    }, 5);
    defaultRuntime.stopTimer(stopped);
    // Timers do not keep the process running; this one does, until the other is due.
    setTimeout(() => undefined, 1000).ref();
  });
  expect(order).toEqual(['run']);
  expect(defaultRuntime.now()).toBeGreaterThan(before);
});

it('has signals that fetch and its like take', () => {
  const aborter = newAborter();
  aborter.abort('why');
  expect(aborter.signal).toBeInstanceOf(AbortSignal);
  expect(aborter.signal.reason).toBe('why');
});

it('takes the time of day from a runtime that has one', () => {
  expect(timeOfDay({ ...defaultRuntime, wallClock: () => 5 }).getTime()).toBe(5);
  expect(Math.abs(timeOfDay(defaultRuntime).getTime() - Date.now())).toBeLessThan(60_000);
});
