/**
 * Caches decoded short strings: exchange names, routing keys and consumer tags repeat with every message.
 *
 * Must not: grow. It has a fixed number of places, and a new string replaces the old one in its place.
 */

import { decodeText } from './lossless-text.ts';

/** Longer strings are rarely repeated, and comparing them costs as much as decoding. */
const maxCachedBytes = 64;

/** A cache of decoded strings for one connection. A string found in it allocates nothing and is the same object as before. */
export class ShortStringCache {
  private readonly strings: string[];
  private readonly mask: number;

  /** @param places how many strings it holds at most, a power of two; 256 by default. */
  constructor(places = 256) {
    this.strings = new Array<string>(places).fill('');
    this.mask = places - 1;
  }

  /** Decodes the text in `bytes[start .. end)` as `decodeText` does, or finds the string it has decoded before. */
  read(bytes: Uint8Array, start: number, end: number): string {
    const size = end - start;
    if (size > maxCachedBytes) return decodeText(bytes, start, end);
    if (size <= 0) return '';
    const first = bytes[start] ?? 0;
    const middle = bytes[start + (size >>> 1)] ?? 0;
    const last = bytes[end - 1] ?? 0;
    const place = (size * 31 + first * 7 + middle * 17 + last * 3) & this.mask;
    const known = this.strings[place] ?? '';
    if (isSameAscii(known, bytes, start, size)) return known;
    const text = decodeText(bytes, start, end);
    this.strings[place] = text;
    return text;
  }
}

/** Compares octet by octet; text beyond ASCII never compares equal, and is decoded each time. */
function isSameAscii(known: string, bytes: Uint8Array, start: number, size: number): boolean {
  if (known.length !== size) return false;
  for (let index = 0; index < size; index++) {
    const octet = bytes[start + index] ?? 0;
    if (octet > 0x7f || known.charCodeAt(index) !== octet) return false;
  }
  return true;
}
