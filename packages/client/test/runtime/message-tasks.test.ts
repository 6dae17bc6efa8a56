import { afterEach, expect, test, vi } from 'vitest';
import { MessageTasks } from '../../src/runtime/message-tasks.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each([
  ['by messages', true],
  ['by timers where there are no messages', false],
])('runs each callback once, later and in order, %s', async (_how, hasMessages) => {
  if (!hasMessages) vi.stubGlobal('MessageChannel', undefined);
  const tasks = new MessageTasks();
  const calls: string[] = [];
  await new Promise<void>((resolve) => {
    tasks.run(() => calls.push('first'));
    tasks.run(() => {
      calls.push('second');
      tasks.run(resolve);
    });
    void Promise.resolve().then(() => calls.push('microtask'));
    calls.push('after the call');
  });
  expect(calls).toEqual(['after the call', 'microtask', 'first', 'second']);
});
