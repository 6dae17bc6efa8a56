/** Bytes whose position follows from their value, and comparisons that stay fast over megabytes. */
import { Buffer } from 'node:buffer';

/** So many bytes of a pattern that does not repeat itself for 16 GiB, starting at `offset` in it. */
export function patternBytes(byteCount: number, offset = 0): Uint8Array {
  const firstWord = Math.floor(offset / 4);
  const words = new Uint32Array(Math.ceil((offset + byteCount) / 4) - firstWord);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(firstWord + i, 0x9e37_79b1);
  return new Uint8Array(words.buffer, offset - firstWord * 4, byteCount);
}

/** The first index at which the two differ, length included; -1 when they are equal. */
export function firstDifference(actual: Uint8Array, expected: Uint8Array): number {
  if (Buffer.compare(actual, expected) === 0) return -1;
  const shared = Math.min(actual.length, expected.length);
  for (let i = 0; i < shared; i++) {
    if (actual[i] !== expected[i]) return i;
  }
  return shared;
}

export function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    whole.set(chunk, position);
    position += chunk.length;
  }
  return whole;
}

/** A small generator of repeatable numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Cuts bytes into pieces of random length, some of them empty, some of one byte. */
export function cutAtRandom(bytes: Uint8Array, random: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let position = 0;
  while (position < bytes.length) {
    const kind = random();
    const length = kind < 0.1 ? 0 : kind < 0.4 ? 1 : Math.ceil(random() * 40_000);
    pieces.push(bytes.subarray(position, position + length));
    position += length;
  }
  return pieces;
}
