import { expect, it } from 'vitest';
import { corpus } from './fuzz/corpus.ts';
import { Random } from './fuzz/random.ts';
import { fuzz, runTarget } from './fuzz/targets.ts';
import { fromHex, toHex } from './hex.ts';
import { crashers } from './vectors/crashers.ts';

it('keeps its promises on a hundred thousand damaged inputs', () => {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
  let last = '';
  let lastBytes: Uint8Array = new Uint8Array(0);
  try {
    const tally = fuzz(corpus, 100_000, new Random(seed), (kind, bytes) => {
      last = kind;
      lastBytes = bytes;
    });
    // A fuzzer that only ever meets one of the two has stopped looking.
    expect(tally.accepted).toBeGreaterThan(5_000);
    expect(tally.refused).toBeGreaterThan(20_000);
  } catch (error) {
    throw new Error(`FUZZ_SEED=${seed} ${last} ${toHex(lastBytes)}`, { cause: error });
  }
}, 120_000);

it('keeps its promises on what broke them once', () => {
  for (const { kind, hex } of crashers) expect(() => runTarget(kind, fromHex(hex), new Random(1))).not.toThrow();
});

it('draws the same numbers from the same seed', () => {
  const draw = (): number[] => {
    const random = new Random(7);
    return [random.below(1000), random.below(1000), random.below(1000)];
  };
  expect(draw()).toEqual(draw());
});
