import { describe, expect, it } from 'vitest';
import { Abort, untilAborted } from '../../src/runtime/abort.ts';

describe('an abort', () => {
  it('calls its listeners once, but not those that left', () => {
    const abort = new Abort();
    const calls: string[] = [];
    const left = (): number => calls.push('left');
    abort.addEventListener('abort', () => calls.push('stays'));
    abort.addEventListener('abort', left);
    abort.removeEventListener('abort', left);
    abort.abort('one');
    abort.abort('two');
    expect(calls).toEqual(['stays']);
    expect(abort).toMatchObject({ aborted: true, reason: 'one' });
  });

  it('ends a wait with its reason, before and during it', async () => {
    const abort = new Abort();
    const waiting = untilAborted(new Promise(() => {}), abort);
    abort.abort('reason');
    await expect(waiting).rejects.toBe('reason');
    await expect(untilAborted(new Promise(() => {}), abort)).rejects.toBe('reason');
  });

  it('leaves a wait alone that is over', async () => {
    const abort = new Abort();
    expect(await untilAborted(Promise.resolve(1), abort)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error('own')), abort)).rejects.toThrow('own');
    expect(await untilAborted(Promise.resolve(2), undefined)).toBe(2);
  });
});
