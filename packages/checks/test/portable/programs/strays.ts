/** Errors that nobody handles, in tests that are content themselves. Holds what the runner must see. */
import { describe, expect, it } from 'vitest';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('strays', () => {
  it('leaves a rejection behind', async () => {
    void Promise.reject(new Error('nobody waits for it'));
    await turn();
  });
  it('throws in a timer', async () => {
    setTimeout(() => {
      throw new Error('nobody catches it');
    });
    await turn();
    await turn();
  });
  it('is good', () => expect(1).toBe(1));
});
