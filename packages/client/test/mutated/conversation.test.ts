import { describe, expect, it } from 'vitest';
import { newSeed } from '../seeded.ts';
import { converse } from './conversation.ts';

describe('a conversation', () => {
  it('that nobody bends ends well', async () => {
    expect(await converse(1, false)).toMatchObject({ open: [], untyped: [], escapes: [] });
  });

  // The same by the hundred thousand: scripts/mutated-conversations.ts
  it('that is bent ends everything, with typed errors alone, in bounded memory', async () => {
    const seed = newSeed();
    console.log('seed', seed);
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 350; count++) {
      const outcome = await converse(seed + count);
      expect(outcome).toMatchObject({ open: [], untyped: [], escapes: [] });
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(256 * 1_048_576);
  }, 120_000);
});
