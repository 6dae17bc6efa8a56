import vm from 'node:vm';
import { expect, it } from 'vitest';
import { isBytes } from '../src/bytes.ts';

it('takes a Uint8Array, a Buffer, and those of another realm', () => {
  expect(isBytes(new Uint8Array(1))).toBe(true);
  expect(isBytes(Buffer.alloc(1))).toBe(true);
  expect(isBytes(vm.runInNewContext('new Uint8Array(1)'))).toBe(true);
});

it('takes no other view and nothing else', () => {
  for (const value of [
    new Uint16Array(1),
    new DataView(new ArrayBuffer(1)),
    new ArrayBuffer(1),
    [1],
    'a',
    null,
    undefined,
  ]) {
    expect(isBytes(value)).toBe(false);
  }
});
