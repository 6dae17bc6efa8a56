import { describe, expect, it } from 'vitest';
import { Fifo } from '../src/fifo.ts';
import { movesDuring } from './count-moves.ts';

describe('Fifo', () => {
  it('returns what was pushed, in order, whatever is taken between', () => {
    const queue = new Fifo<number>();
    const taken: (number | undefined)[] = [];
    for (let i = 0; i < 10_000; i++) {
      queue.push(i);
      if (i % 3 === 0) taken.push(queue.shift());
    }
    while (queue.length > 0) taken.push(queue.shift());
    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
    expect(queue.shift()).toBeUndefined();
  });

  it('shows the values from the front', () => {
    const queue = filled(4);
    queue.shift();
    expect([queue.at(0), queue.at(2), queue.at(3)]).toEqual([1, 3, undefined]);
  });

  it('puts one value in the place of the first ones', () => {
    const queue = filled(5);
    queue.replaceFirst(3, 99);
    expect([queue.length, queue.shift(), queue.shift()]).toEqual([3, 99, 3]);
    queue.replaceFirst(1, 100);
    expect([queue.length, queue.shift(), queue.length]).toEqual([1, 100, 0]);
  });

  it('forgets all at clear()', () => {
    const queue = filled(3);
    queue.clear();
    expect([queue.length, queue.shift()]).toEqual([0, undefined]);
  });

  it.each([
    ['emptied at once', 100_000, 0],
    ['never empty', 100_000, 50_000],
  ])('moves a value once at most, and looks at one for each that it moves: %s', (_, passing, staying) => {
    const queue = filled(staying);
    const moves = movesDuring(() => {
      for (let i = 0; i < passing; i++) queue.push(i);
      for (let i = 0; i < passing; i++) queue.shift();
    });
    expect(moves).toBeLessThanOrEqual(2 * (passing + staying));
  });
});

function filled(length: number): Fifo<number> {
  const queue = new Fifo<number>();
  for (let i = 0; i < length; i++) queue.push(i);
  return queue;
}
