/** Two tests that wait for each other: they pass only where both run at once. */
import { describe, it } from 'vitest';

describe.concurrent('each waits for the other', () => {
  const heard = [new AbortController(), new AbortController()] as const;
  const aborted = ({ signal }: AbortController) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });

  it('the first', async () => {
    heard[0].abort();
    await aborted(heard[1]);
  }, 10_000);

  it('the second', async () => {
    heard[1].abort();
    await aborted(heard[0]);
  }, 10_000);
});
