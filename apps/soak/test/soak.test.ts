import { expect, inject, it } from 'vitest';
import { growth, type Sample } from '../src/growth.ts';
import { soak } from '../src/soak.ts';

it('some ten thousand operations of all kinds end as they should', async () => {
  const done: number[] = [];
  const samples = await soak(inject('amqpUrl'), { operations: 10_000, samples: 5 }, (sample) => done.push(sample.done));
  expect(samples).toHaveLength(5);
  expect(done.at(-1)).toBeGreaterThanOrEqual(10_000);
});

it('growth is found, and what is level is not called so', () => {
  const samples = (heap: (at: number) => number): Sample[] =>
    Array.from({ length: 20 }, (_, at) => ({ done: at, heapMiB: heap(at), externalMiB: 1, handles: 3 }));
  expect(growth(samples((at) => 10 + (at % 4)))).toEqual([]);
  expect(growth(samples((at) => 10 + at / 2))).toEqual([
    expect.stringMatching(/^the heap \(MiB\) grew from 12.5 to 17.5$/),
  ]);
  expect(growth([])).toEqual(['too few samples to tell']);
});
