/** `scripts/recovery-sweep.ts` cuts at every byte; these strides are small enough for a test run. */
import { describe, expect, it } from 'vitest';
import { converse, sweep } from './sweep.ts';

describe('a conversation', () => {
  it('that is not cut is as it should be', async () => {
    expect(await converse({ from: 'broker', bytes: 1_000_000 })).toMatchObject({ wrong: [] });
  });

  it.each(['broker', 'client'] as const)('cut at any byte of the %s goes on', async (from) => {
    expect(await sweep(from, 331)).toMatchObject({ wrong: [] });
  });

  it.each(['broker', 'client'] as const)('and cut again in the replay, on the side of the %s', async (from) => {
    for (const again of [1, 491, 620]) expect(await sweep(from, 1601, again)).toMatchObject({ wrong: [] });
  });
});
