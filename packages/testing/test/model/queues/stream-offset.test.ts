import { timestamp } from '@puka/wire';
import { expect, it } from 'vitest';
import { Arguments } from '../../../src/model/arguments.ts';
import { streamOffset } from '../../../src/model/queues/stream-offset.ts';

const now = 1_000_000_000;

it.each([
  [undefined, { type: 'next' }],
  ['first', { type: 'first' }],
  ['last', { type: 'last' }],
  ['next', { type: 'next' }],
  [7, { type: 'number', offset: 7 }],
  [timestamp(5), { type: 'time', sinceMs: 5000 }],
  ['10s', { type: 'time', sinceMs: now - 10_000 }],
  ['2h', { type: 'time', sinceMs: now - 7_200_000 }],
  ['0s', undefined],
  ['soon', undefined],
  [true, undefined],
])('reads the offset %s', (value, expected) => {
  const args = value === undefined ? Arguments.none : Arguments.from({ 'x-stream-offset': value });
  expect(streamOffset(args, now)).toEqual(expected);
});
