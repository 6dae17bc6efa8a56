import { decimal, float64, int64, longString, Tagged, uint8 } from '@puka/wire';
import { expect, it } from 'vitest';
import { Arguments } from '../../src/model/arguments.ts';
import { isSameValue } from '../../src/model/same-value.ts';

function tagged(value: unknown): Tagged {
  const field = Arguments.from({ field: value } as never).get('field');
  if (!(field instanceof Tagged)) throw new Error('no field');
  return field;
}

it.each<readonly [unknown, unknown, boolean]>([
  [1, int64(1), true],
  [uint8(1), 1, true],
  [1, float64(1), true],
  [1, 2, false],
  ['a', longString('a'), true],
  ['a', new Uint8Array([97]), true],
  ['1', 1, false],
  [true, true, true],
  [true, false, false],
  [null, null, true],
  [[1, 2], [1, 2], true],
  [[1, 2], [1], false],
  [[1], [int64(1)], false],
  [{ a: 1 }, { a: 1 }, true],
  [{ a: 1 }, { b: 1 }, false],
  [decimal(5, 2), decimal(5, 2), true],
  [decimal(5, 1), decimal(5, 2), false],
])('compares %o and %o', (a, b, isSame) => {
  expect([isSameValue(tagged(a), tagged(b)), isSameValue(tagged(b), tagged(a))]).toEqual([isSame, isSame]);
});
