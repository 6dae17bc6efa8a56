import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { inThisContext } from '../../src/runtime/async-context.ts';

it('a callback runs in the context of the call that passed it, with its values and its result', () => {
  const storage = new AsyncLocalStorage<string>();
  const callback = storage.run('given', () =>
    inThisContext((one: number, other: string) => `${storage.getStore()} ${one}${other}`),
  );
  expect(storage.run('reading', () => callback(1, 'a'))).toBe('given 1a');
  expect(callback(2, 'b')).toBe('given 2b');
});

it('what a callback throws comes through', () => {
  const callback = inThisContext(() => {
    throw new Error('thrown');
  });
  expect(callback).toThrow('thrown');
});

describe('on Deno', () => {
  const internal = Symbol('internal');
  let current = 'start';

  async function withCore(core: object): Promise<typeof inThisContext> {
    vi.stubGlobal('Deno', { internal, [internal]: { core } });
    vi.resetModules();
    const fresh = await import('../../src/runtime/async-context.ts');
    return fresh.inThisContext;
  }

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('a callback runs in the context that was there, and the other one is there again after it', async () => {
    const inContext = await withCore({
      getAsyncContext: () => current,
      setAsyncContext: (context: string) => {
        current = context;
      },
    });
    current = 'given';
    const callback = inContext((fails: boolean) => {
      const seen = current;
      current = 'changed';
      if (fails) throw new Error('thrown');
      return seen;
    });
    current = 'reading';
    expect(callback(false)).toBe('given');
    expect(current).toBe('reading');
    expect(() => callback(true)).toThrow('thrown');
    expect(current).toBe('reading');
  });

  it('a version without access to contexts has those of Node', async () => {
    const inContext = await withCore({ getAsyncContext: () => current });
    const storage = new AsyncLocalStorage<string>();
    const callback = storage.run('given', () => inContext(() => storage.getStore()));
    expect(callback()).toBe('given');
  });
});
