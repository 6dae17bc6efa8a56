import { UsageError } from '@puka/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, decodeUtf8Strictly, encodeUtf8, isUtf8, utf8Length } from '../src/utf8.ts';
import { fromHex } from './hex.ts';

const strict = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

describe('UTF-8', () => {
  it('encodes and decodes what the runtime does, for text of every kind and length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(utf8Length(text)).toBe(bytes.length);
        expect(Buffer.compare(encodeUtf8(text), bytes)).toBe(0);
        expect(decodeUtf8(bytes)).toBe(text);
        expect(decodeUtf8Strictly(bytes)).toBe(text);
      }),
    );
  });

  it('judges any bytes as the runtime does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const expected = strict(bytes);
        expect(isUtf8(bytes)).toBe(expected !== undefined);
        expect(decodeUtf8Strictly(bytes)).toBe(expected);
        expect(decodeUtf8(bytes)).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['overlong slash', 'c0af'],
    ['overlong in three', 'e08080'],
    ['overlong in four', 'f0808080'],
    ['surrogate', 'eda080'],
    ['above U+10FFFF', 'f4908080'],
    ['a continuation alone', '80'],
    ['five octets', 'f888808080'],
    ['cut short', 'e282'],
    ['no continuation', 'e28241'],
  ])('finds that %s is no UTF-8', (_, hex) => {
    expect(isUtf8(fromHex(hex))).toBe(false);
    expect(strict(fromHex(hex))).toBeUndefined();
  });

  it('knows the edges of every length', () => {
    for (const hex of ['7f', 'c280', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'efbfbf', 'f0908080', 'f48fbfbf']) {
      expect(isUtf8(fromHex(hex))).toBe(true);
    }
  });

  it('refuses lone surrogates', () => {
    for (const text of ['\ud800', '\udc00', '\ud800\ud800', 'a\udfffb', `${'a'.repeat(100)}\ud800`]) {
      expect(utf8Length(text)).toBe(-1);
      expect(() => encodeUtf8(text)).toThrow(UsageError);
    }
  });

  it('decodes a stretch of a larger array', () => {
    const bytes = fromHex('ff 616263 ff');
    expect(decodeUtf8(bytes, 1, 4)).toBe('abc');
    expect(decodeUtf8Strictly(bytes, 1, 4)).toBe('abc');
    expect(isUtf8(bytes, 1, 4)).toBe(true);
  });
});
