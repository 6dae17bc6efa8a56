import { expect, it } from 'vitest';
import { uniqueName } from '../src/unique-name.ts';

it('names are different and begin as asked', () => {
  const names = new Set(Array.from({ length: 100 }, () => uniqueName('queue')));
  expect(names.size).toBe(100);
  expect([...names].every((name) => name.startsWith('queue-'))).toBe(true);
});
