import { expect, it } from 'vitest';
import { collectGarbage } from '../src/collect-garbage.ts';

it('drops what no code holds', async () => {
  const reference = new WeakRef({ some: 'thing' });
  // A reference made in this turn holds what it refers to until the turn is over.
  await new Promise((resolve) => setTimeout(resolve));
  collectGarbage();
  expect(reference.deref()).toBeUndefined();
});
