import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import { inThisContext } from '../../src/runtime/async-context.ts';

it('a callback runs in the context of who gave it, with its values and its result', () => {
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
