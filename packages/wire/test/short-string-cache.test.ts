import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeText } from '../src/lossless-text.ts';
import { ShortStringCache } from '../src/short-string-cache.ts';

it('decodes as without a cache, in any order', () => {
  const cache = new ShortStringCache(8);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 30 }), (strings) => {
      for (const bytes of [...strings, ...strings]) {
        expect(cache.read(bytes, 0, bytes.length)).toBe(decodeText(bytes));
      }
    }),
  );
});

it('distinguishes strings that share a place', () => {
  const cache = new ShortStringCache(1);
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const text of ['abc', 'axc', 'abc', 'abd', 'ab', '', 'é', 'Ã©', 'e\u0301']) {
    const bytes = encode(text);
    expect(cache.read(bytes, 0, bytes.length)).toBe(text);
    expect(cache.read(bytes, 0, bytes.length)).toBe(text);
  }
});
