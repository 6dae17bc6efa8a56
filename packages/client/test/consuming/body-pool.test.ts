import { describe, expect, it } from 'vitest';
import { BodyPool } from '../../src/consuming/body-pool.ts';

const mebibyte = 1_048_576;

describe('the memory of lent bodies', () => {
  it('has room for each size, and is less than twice as long', () => {
    const pool = new BodyPool();
    for (const size of [1024, 1025, 4096, 65_535, 65_536, 65_537, mebibyte]) {
      const { length } = pool.take(size);
      expect(length).toBeGreaterThanOrEqual(size);
      expect(length).toBeLessThan(size * 2);
    }
  });

  it('is used again, what came back last first, for bodies that fill more than half of it', () => {
    const pool = new BodyPool();
    const [one, two] = [pool.take(5000), pool.take(5000)];
    pool.giveBack(one);
    pool.giveBack(two);
    const sizes = [8192, 8193, 4096, 4097, 5000];
    expect(sizes.map((size) => pool.take(size)).map((piece) => [piece === one, piece === two])).toEqual([
      [false, true],
      [false, false],
      [false, false],
      [true, false],
      [false, false],
    ]);
  });

  it('keeps 4 MiB and no more, and nothing of what is over 1 MiB', () => {
    const pool = new BodyPool();
    const pieces = Array.from({ length: 5 }, () => pool.take(mebibyte));
    for (const piece of pieces) pool.giveBack(piece);
    expect(pieces.map(() => pieces.includes(pool.take(mebibyte)))).toEqual([true, true, true, true, false]);
    const large = pool.take(mebibyte + 1);
    expect(large.length).toBe(mebibyte + 1);
    pool.giveBack(large);
    expect(pool.take(mebibyte + 1) === large).toBe(false);
  });

  it('knows which buffers are lent', () => {
    const pool = new BodyPool();
    const { buffer } = pool.take(2000);
    expect(pool.isLent(buffer)).toBe(false);
    pool.lend(buffer);
    expect([pool.isLent(buffer), pool.isLent(new ArrayBuffer(2000))]).toEqual([true, false]);
    pool.endLoan(buffer);
    expect(pool.isLent(buffer)).toBe(false);
  });
});
