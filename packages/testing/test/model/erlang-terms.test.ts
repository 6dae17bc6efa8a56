import { float64 } from '@puka/wire';
import { expect, it } from 'vitest';
import { binaryTerm, octetsTerm, stringTerm, valueTerm } from '../../src/model/erlang-terms.ts';

it('shows text in quotes, and octets where it is none', () => {
  expect([binaryTerm('a"b'), binaryTerm('ä'), binaryTerm('')]).toEqual(['<<"a\\"b">>', '<<195,164>>', '<<>>']);
  expect(octetsTerm(new Uint8Array([1, 2]))).toBe('<<1,2>>');
});

it('shows a list of characters as text', () => {
  expect([stringTerm('x'), stringTerm('')]).toEqual(['"x"', '[]']);
});

it('shows a whole number of floating point with its point', () => {
  expect([valueTerm(float64(5)), valueTerm(float64(0.5))]).toEqual(['5.0', '0.5']);
});
