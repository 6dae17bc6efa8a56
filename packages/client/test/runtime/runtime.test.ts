import { describe, expect, it, vi } from 'vitest';
import { defaultRuntime, environmentVariable, platformName, printLine } from '../../src/runtime/runtime.ts';

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

describe('the end of a turn', () => {
  it.each<[string, object]>([
    ['as it is', {}],
    ['Deno without setImmediate', { setImmediate: undefined, Deno: {} }],
    ['a browser', { setImmediate: undefined }],
    // A port would belong to another request.
    ['a Worker', { setImmediate: undefined, navigator: { userAgent: 'Cloudflare-Workers' } }],
  ])('comes after what the turn still does: %s', async (_runtime, globals) => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    const order: string[] = [];
    const ended = new Promise<void>((resolve) => {
      defaultRuntime.atTurnEnd(() => {
        order.push('end of the turn');
        resolve();
      });
    });
    await Promise.resolve();
    order.push('microtask');
    await ended;
    vi.unstubAllGlobals();
    expect(order).toEqual(['microtask', 'end of the turn']);
  });
});

describe('the environment', () => {
  it('is read where it may be, and lines go to the standard error output', () => {
    vi.stubEnv('PUKA_TEST', 'x');
    expect([environmentVariable('PUKA_TEST'), environmentVariable('PUKA_TEST_UNSET')]).toEqual(['x', undefined]);
    vi.unstubAllEnvs();
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    printLine('a line');
    expect(error.mock.calls).toEqual([['a line']]);
    error.mockRestore();
  });

  it.each([
    ['granted', 'x'],
    ['prompt', undefined],
  ])('of Deno is read where that is %s', (state, value) => {
    vi.stubEnv('PUKA_TEST', 'x');
    vi.stubGlobal('Deno', { permissions: { querySync: () => ({ state }) } });
    expect(environmentVariable('PUKA_TEST')).toBe(value);
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });
});
