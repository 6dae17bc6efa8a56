/** A program that never ends by itself. */
import { expect, it } from 'vitest';

it('leaves a timer behind', () => {
  setInterval(() => undefined, 1000);
  expect(1).toBe(1);
});
