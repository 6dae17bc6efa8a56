import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { Reassembly } from '../src/reassembly.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');

it('puts lines in the order of their numbers, each once, and counts those that come again', () => {
  const lines = new Reassembly();
  for (const [number, text] of [
    [0, 'a'],
    [2, 'c'],
    [0, 'a'],
    [2, 'c'],
    [1, 'b'],
    [1, 'b'],
    [3, 'd'],
  ] as const) {
    lines.add(number, bytes(text));
  }
  expect([lines.count, lines.duplicates]).toEqual([4, 3]);
  expect(lines.checksum()).toBe(checksum('abcd'));
});

it('has another checksum where a line is missing', () => {
  const lines = new Reassembly();
  lines.add(0, bytes('a'));
  lines.add(2, bytes('c'));
  expect(lines.count).toBe(2);
  expect(lines.checksum()).not.toBe(checksum('ac'));
});
