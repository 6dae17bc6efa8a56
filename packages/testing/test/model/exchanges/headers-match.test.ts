import { type FieldObjectInput, float64, int64, longString } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { Arguments } from '../../../src/model/arguments.ts';
import { headersByName, matchesHeaders } from '../../../src/model/exchanges/headers-match.ts';

function fits(binding: FieldObjectInput, headers: FieldObjectInput): boolean {
  return matchesHeaders(Arguments.from(binding), headersByName(Arguments.from(headers).entries));
}

describe('the headers of a message', () => {
  it.each([
    ['all of two', { a: 1, b: 'x' }, { a: 1, b: 'x', c: true }],
    ['all of none', {}, {}],
    ['any of two', { 'x-match': 'any', a: 1, b: 'x' }, { b: 'x' }],
    ['the name alone', { a: null }, { a: 'whatever' }],
    ['a number of another width', { a: 1 }, { a: int64(1) }],
    ['a number with a fraction of none', { a: 1 }, { a: float64(1) }],
    ['bytes that are the same as text', { a: longString('x') }, { a: Uint8Array.of(0x78) }],
    ['whatever begins with x-, which does not count', { 'x-a': 1 }, {}],
    ['what begins with x-, where it counts', { 'x-match': 'any-with-x', 'x-a': 1 }, { 'x-a': 1 }],
    ['a table', { a: { b: [1, 2] } }, { a: { b: [1, 2] } }],
  ])('fit %s', (_name, binding, headers) => expect(fits(binding, headers)).toBe(true));

  it.each([
    ['all of two where one is missing', { a: 1, b: 'x' }, { a: 1 }],
    ['any of none', { 'x-match': 'any' }, { a: 1 }],
    ['any of two where both differ', { 'x-match': 'any', a: 1, b: 'x' }, { a: 2, b: 'y' }],
    ['the name alone where it is missing', { a: null }, { b: 1 }],
    ['a number where there is text', { a: 1 }, { a: '1' }],
    ['what begins with x-, where it counts and is missing', { 'x-match': 'all-with-x', 'x-a': 1 }, {}],
    ['any, where all that would fit begins with x-', { 'x-match': 'any', 'x-a': 1 }, { 'x-a': 1 }],
    ['an array whose numbers have other tags', { a: [1] }, { a: [int64(1)] }],
  ])('do not fit %s', (_name, binding, headers) => expect(fits(binding, headers)).toBe(false));
});
