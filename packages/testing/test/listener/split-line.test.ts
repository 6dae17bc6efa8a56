import { expect, it } from 'vitest';
import { SplitLine } from '../../src/listener/split-line.ts';
import { TestLine } from './test-line.ts';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

it('is the line itself as long as nothing is to be split', () => {
  const line = new TestLine();
  const split = new SplitLine(line);
  expect(split.write([bytes(1, 2), bytes(3)])).toBe(true);
  expect(line.written).toEqual([[1, 2, 3]]);
  expect(split.name).toBe('test');
});

it('sends pieces one by one, each in a turn of its own, in their order', async () => {
  const line = new TestLine();
  const split = new SplitLine(line);
  split.splitBytes = 2;
  split.write([bytes(1, 2, 3), bytes(4)]);
  expect([line.written, split.bufferedBytes]).toEqual([[], 4]);
  split.splitBytes = Number.POSITIVE_INFINITY;
  split.write([bytes(5, 6, 7)]);
  await line.writes(3);
  expect(line.written).toEqual([[1, 2, 3], [4], [5, 6, 7]]);
  expect(split.bufferedBytes).toBe(0);
});

it('ends the connection after its last piece', async () => {
  const line = new TestLine();
  const split = new SplitLine(line);
  split.splitBytes = 1;
  split.write([bytes(1, 2)]);
  split.end();
  expect(line.isEnded).toBe(false);
  await line.writes(2);
  expect([line.written, line.isEnded]).toEqual([[[1], [2]], true]);
});

it('drops what waits when it is reset', async () => {
  const line = new TestLine();
  const split = new SplitLine(line);
  split.splitBytes = 1;
  split.write([bytes(1, 2)]);
  split.reset();
  await new Promise((resolve) => setImmediate(resolve));
  expect([line.written, line.isReset, split.bufferedBytes]).toEqual([[], true, 0]);
});
