import { describe, expect, it } from 'vitest';
import { diffBytes, expectBytes } from '../../src/hex/diff-bytes.ts';
import { fromHex } from '../../src/hex/hex.ts';

describe('diffBytes', () => {
  it('finds no difference in the same bytes', () => {
    expect(diffBytes(fromHex('01 02'), fromHex('01 02'))).toBeUndefined();
    expect(diffBytes(new Uint8Array(0), new Uint8Array(0))).toBeUndefined();
  });

  it('shows the bytes that differ', () => {
    expect(diffBytes(fromHex('01 02 03'), fromHex('01 22 03'))).toBe(
      [
        'bytes differ at 1 (0x1); 3 B, expected 3 B',
        '000000 actual   01 02 03',
        '000000 expected 01 22 03',
        '                   ^^',
      ].join('\n'),
    );
  });

  it('shows bytes that are missing or too many', () => {
    expect(diffBytes(fromHex('01'), fromHex('01 02'))).toContain('at 1 (0x1); 1 B, expected 2 B');
    expect(diffBytes(fromHex('01 02'), fromHex('01'))).toContain('at 1 (0x1); 2 B, expected 1 B');
    expect(diffBytes(fromHex('01'), new Uint8Array(0))).toContain('000000 expected');
  });

  it('shows two lines before and four after, not the whole', () => {
    const expected = new Uint8Array(1000);
    const actual = expected.slice();
    actual[100] = 1;
    const lines = diffBytes(actual, expected)?.split('\n') ?? [];
    expect(lines[1]).toMatch(/^000040 both {5}00/);
    expect(lines.at(-1)).toMatch(/^0000a0 both/);
    expect(lines).toHaveLength(1 + 2 + 3 + 4);
  });
});

describe('expectBytes', () => {
  it('throws the picture', () => {
    expect(() => expectBytes(fromHex('01'), fromHex('02'))).toThrow(/bytes differ at 0/);
    expectBytes(fromHex('01'), fromHex('01'));
  });
});
