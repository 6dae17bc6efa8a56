import { describe, expect, it } from 'vitest';
import { abortable } from '../src/abortable.ts';

function never(): Promise<string> {
  return new Promise(() => undefined);
}

describe('abortable', () => {
  it('returns what the attempt returns', async () => {
    expect(await abortable(undefined, async () => 'made', expect.unreachable)).toBe('made');
    expect(await abortable(new AbortController().signal, async () => 'made', expect.unreachable)).toBe('made');
  });

  it('rejects with what the attempt rejects with', async () => {
    const attempt = abortable(undefined, () => Promise.reject(new Error('refused')), expect.unreachable);
    await expect(attempt).rejects.toThrow('refused');
  });

  it('does not begin when the signal was aborted before', async () => {
    const attempt = abortable(AbortSignal.abort('no'), () => expect.unreachable(), expect.unreachable);
    await expect(attempt).rejects.toBe('no');
  });

  it('rejects with the reason when aborted meanwhile, and notifies the attempt', async () => {
    const controller = new AbortController();
    let told: AbortSignal | undefined;
    const start = (givenUp: AbortSignal): Promise<string> => {
      told = givenUp;
      return never();
    };
    const attempt = abortable(controller.signal, start, expect.unreachable);
    expect(told?.aborted).toBe(false);
    controller.abort('enough');
    await expect(attempt).rejects.toBe('enough');
    expect(told?.aborted).toBe(true);
  });

  it('discards what comes too late', async () => {
    const controller = new AbortController();
    let finish: (value: string) => void = () => undefined;
    const made = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const discarded: string[] = [];
    const attempt = abortable(
      controller.signal,
      () => made,
      (late) => discarded.push(late),
    );
    controller.abort('enough');
    await expect(attempt).rejects.toBe('enough');
    finish('late');
    await made;
    expect(discarded).toEqual(['late']);
  });
});
