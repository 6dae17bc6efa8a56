import { expect, it } from 'vitest';
import { splitLines } from '../src/read-lines.ts';

it.each([
  ['', []],
  ['a', ['a']],
  ['a\n', ['a\n']],
  ['a\nb', ['a\n', 'b']],
  ['\n\r\n\n', ['\n', '\r\n', '\n']],
])('cuts %j after each line feed', (text, lines) => {
  expect(splitLines(Buffer.from(text)).map(String)).toEqual(lines.map((line) => String(Buffer.from(line))));
  expect(Buffer.concat(splitLines(Buffer.from(text))).toString()).toBe(text);
});

it('leaves bytes alone that are no text', () => {
  const bytes = Uint8Array.of(0xff, 0x0a, 0x00, 0xc3);
  expect(splitLines(bytes)).toEqual([Uint8Array.of(0xff, 0x0a), Uint8Array.of(0x00, 0xc3)]);
});
