import { describe, expect, it } from 'vitest';
import { formatControl, maxCreditBytes, parseControl } from '../../src/websocket/relay-protocol.ts';

describe('control messages', () => {
  it.each([
    ['credit 1', { type: 'credit', byteCount: 1 }],
    ['credit 262144', { type: 'credit', byteCount: 262_144 }],
    [`credit ${maxCreditBytes}`, { type: 'credit', byteCount: maxCreditBytes }],
    ['end', { type: 'end' }],
  ] as const)('reads and writes %s', (text, control) => {
    expect(parseControl(text)).toEqual(control);
    expect(formatControl(control)).toBe(text);
  });

  it.each([
    ...['', 'END', 'end ', 'credit', 'credit ', 'credit 0', 'credit 01', 'credit -1', 'credit 1.5', 'credit 1e3'],
    ...['credit 1 ', ' credit 1', 'credit 1\n', 'credit 2147483648', 'credit 99999999999', 'credit ٣', '{"credit":1}'],
  ])('refuses %j', (text) => {
    expect(parseControl(text)).toBe(undefined);
  });
});
