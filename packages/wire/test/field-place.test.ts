import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { type Place, pathOf, refuse, refuseCount } from '../src/field-place.ts';

const headers: Place = { parent: undefined, key: 'headers' };
const a: Place = { parent: headers, key: 'a' };

it.each([
  [headers, 'headers'],
  [a, 'headers.a'],
  [{ parent: { parent: a, key: 'b' }, key: 2 }, 'headers.a.b[2]'],
  [{ parent: { parent: a, key: 0 }, key: 'c' }, 'headers.a[0].c'],
])('writes the path from the outermost table: %#', (place, path) => {
  expect(pathOf(place)).toBe(path);
});

describe('a refusal', () => {
  it.each([
    [Number.NaN, 'NaN'],
    [5n, '5'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['hunter2', 'a string'],
    [Symbol('hunter2'), 'a symbol'],
    [() => 'hunter2', 'a function'],
    [Uint8Array.of(1), 'an instance of Uint8Array'],
    [Object.create(null), 'an object'],
  ])('shows numbers, and of everything else the kind only: %#', (value, shown) => {
    expect(() => refuse(value, a, 1, 'is wrong')).toThrow(new UsageError(`headers.a[1] is wrong; met ${shown}`));
  });

  it('names the limit of a table with too many fields', () => {
    expect(() => refuseCount(a)).toThrow(new UsageError('headers.a brings the table over maxTableFields'));
  });
});
