import { describe, expect, it } from 'vitest';
import { fromHex, hex, toHex } from '../../src/hex/hex.ts';

describe('hex', () => {
  it('reads pairs of digits, with blanks and comments between them', () => {
    const bytes = hex`
      01 0001   # type, channel: # and again a comment, 99 is no byte
      0000000C  # size
      Ce`;
    expect(bytes).toEqual(Uint8Array.of(1, 0, 1, 0, 0, 0, 12, 0xce));
  });

  it('takes bytes, byte arrays and text as values', () => {
    expect(hex`01 ${255} ${Uint8Array.of(2, 3)} ${'é'} 04`).toEqual(Uint8Array.of(1, 255, 2, 3, 0xc3, 0xa9, 4));
  });

  it('leaves out a value that stands in a comment', () => {
    expect(hex`01 # was ${7}
      02`).toEqual(Uint8Array.of(1, 2));
  });

  it('names what is no pair of digits, and its line', () => {
    expect(() => fromHex('01\n02 zz')).toThrow(/"zz" in line 2/);
    expect(() => fromHex('1 2')).toThrow(SyntaxError);
    expect(() => fromHex('012')).toThrow(/"2" in line 1/);
  });

  it('refuses a number that is no byte', () => {
    expect(() => hex`${256}`).toThrow(RangeError);
    expect(() => hex`${1.5}`).toThrow(RangeError);
  });

  it('returns what it reads', () => {
    expect(toHex(fromHex('00ff10'))).toBe('00 ff 10');
    expect(toHex(fromHex('00ff10'), '')).toBe('00ff10');
    expect(toHex(new Uint8Array(0))).toBe('');
  });
});
