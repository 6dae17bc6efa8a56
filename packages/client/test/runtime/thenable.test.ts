import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { isThenable } from '../../src/runtime/thenable.ts';

it.each<[string, unknown]>([
  ['of this realm', Promise.resolve()],
  ['of another realm', runInNewContext('Promise.resolve()')],
  // biome-ignore lint/suspicious/noThenProperty: as a promise of another library has it.
  ['of a library', { then: () => {} }],
])('knows a promise %s', (_, value) => {
  expect(isThenable(value)).toBe(true);
});

// biome-ignore lint/suspicious/noThenProperty: a field of that name makes no promise.
it.each([undefined, null, 5, 'then', {}, [], () => {}, { then: true }])('takes %s for none', (value) => {
  expect(isThenable(value)).toBe(false);
});
