import { describe, expect, it } from 'vitest';
import { defaultRuntime, platformName } from '../../src/runtime/runtime.ts';

describe('the runtime', () => {
  it('names the platform and its version', () => {
    expect(platformName()).toMatch(/^(?:Node\.js|Deno|Bun) \d/);
  });

  it('calls a timer once, and not one that was stopped', async () => {
    const called: string[] = [];
    const stopped = defaultRuntime.startTimer(() => called.push('stopped'), 0);
    defaultRuntime.stopTimer(stopped);
    await new Promise<void>((resolve) => {
      defaultRuntime.startTimer(
        () => {
          called.push('timer');
          resolve();
        },
        0,
        true,
      );
    });
    expect(called).toEqual(['timer']);
  });

  it('lets a timer keep the process only where it is asked to', () => {
    const timers = [defaultRuntime.startTimer(() => {}, 60_000), defaultRuntime.startTimer(() => {}, 60_000, true)];
    const kept = timers.map((timer) =>
      'hasRef' in timer && typeof timer.hasRef === 'function' ? timer.hasRef() : undefined,
    );
    for (const timer of timers) defaultRuntime.stopTimer(timer);
    expect(kept).toEqual([false, true]);
  });
});
