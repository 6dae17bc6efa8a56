// Compares bytes and shows where they differ. It must need no test runner: it throws, and the message is the picture.

import { hexByte } from './hex.ts';

const bytesPerLine = 16;
const linesBefore = 2;
const linesAfter = 4;

/**
 * @returns undefined when the bytes are the same; else a picture of the first difference and its surroundings, sixteen
 * bytes a line, with `^^` below each byte that differs.
 */
export function diffBytes(actual: Uint8Array, expected: Uint8Array): string | undefined {
  const length = Math.max(actual.length, expected.length);
  let first = 0;
  while (first < length && actual[first] === expected[first]) first += 1;
  if (first === length) return undefined;

  const lines = [
    `bytes differ at ${first} (0x${first.toString(16)}); ${actual.length} B, expected ${expected.length} B`,
  ];
  const firstLine = Math.max(0, Math.floor(first / bytesPerLine) - linesBefore);
  const lastLine = Math.min(Math.ceil(length / bytesPerLine), Math.floor(first / bytesPerLine) + linesAfter + 1);
  for (let line = firstLine; line < lastLine; line += 1) lines.push(...lineOf(line * bytesPerLine, actual, expected));
  return lines.join('\n');
}

/** Throws an Error with the picture of {@link diffBytes} unless the bytes are the same. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  const difference = diffBytes(actual, expected);
  if (difference !== undefined) throw new Error(difference);
}

function lineOf(start: number, actual: Uint8Array, expected: Uint8Array): string[] {
  const offsets = Array.from({ length: bytesPerLine }, (_, index) => start + index);
  const row = (bytes: Uint8Array): string =>
    offsets
      .map((at) => cell(bytes[at]))
      .join(' ')
      .trimEnd();
  const label = start.toString(16).padStart(6, '0');
  const actualRow = `${label} actual   ${row(actual)}`.trimEnd();
  if (offsets.every((at) => actual[at] === expected[at])) return [actualRow.replace('actual  ', 'both    ')];
  const marks = offsets
    .map((at) => (actual[at] === expected[at] ? '  ' : '^^'))
    .join(' ')
    .trimEnd();
  return [actualRow, `${label} expected ${row(expected)}`.trimEnd(), `${' '.repeat(16)}${marks}`];
}

function cell(byte: number | undefined): string {
  return byte === undefined ? '  ' : hexByte(byte);
}
