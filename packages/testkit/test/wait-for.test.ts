import { describe, expect, it } from 'vitest';
import { waitFor } from '../src/wait-for.ts';

describe('waitFor', () => {
  it('returns the first answer that says something, 0 and the empty text too', async () => {
    const answers = [undefined, null, false, 0];
    expect(await waitFor(() => answers.shift(), { intervalMs: 0 })).toBe(0);
    expect(await waitFor(() => Promise.resolve(''))).toBe('');
  });

  it('asks again after an error', async () => {
    let asked = 0;
    const question = (): string => {
      asked += 1;
      if (asked < 3) throw new Error('not there');
      return 'there';
    };
    expect(await waitFor(question, { intervalMs: 0 })).toBe('there');
  });

  it('rejects when the time is over, naming what it waited for, with the last error as cause', async () => {
    const cause = new Error('still not');
    const waiting = waitFor(() => Promise.reject(cause), { timeoutMs: 0, description: 'the moon' });
    await expect(waiting).rejects.toMatchObject({ message: 'not within 0 ms: the moon', cause });
  });
});
