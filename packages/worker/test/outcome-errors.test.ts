import { UsageError } from '@puka/errors';
import { expect, it } from 'vitest';
import { Discard, Later, outcomeOf } from '../src/outcome-errors.ts';

it('reports what was thrown', () => {
  const cause = new Error('no such user');
  expect(outcomeOf(new Discard('gone', { cause }))).toBe('discard');
  expect(new Discard('gone', { cause }).cause).toBe(cause);
  expect(outcomeOf(new Later(250))).toEqual({ delayMs: 250 });
  for (const other of [new Error('no'), 'Discard', undefined, null, { name: 'Discard' }]) {
    expect(outcomeOf(other)).toBeUndefined();
  }
});

it('knows those of another copy of the package', () => {
  const foreign = Object.assign(new Error('gone'), { [Symbol.for('puka.worker.outcome')]: 'discard' });
  expect(outcomeOf(foreign)).toBe('discard');
});

it('ignores a value that throws when it is read', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(outcomeOf(proxy)).toBeUndefined();
});

it.each([-1, Number.NaN, 2_592_000_001])('refuses a delay of %d', (delayMs) => {
  expect(() => new Later(delayMs)).toThrow(UsageError);
});
