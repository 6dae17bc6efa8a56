import { afterEach, describe, expect, it } from 'vitest';
import { movedBuffer } from '../../src/runtime/moved-buffer.ts';

const own = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'transfer');

afterEach(() => {
  if (own === undefined) Reflect.deleteProperty(ArrayBuffer.prototype, 'transfer');
  else Object.defineProperty(ArrayBuffer.prototype, 'transfer', own);
});

describe('a buffer that is moved', () => {
  it('has its bytes in another, and is empty for all who hold it', () => {
    const bytes = Uint8Array.from([1, 2, 3, 4]);
    const view = bytes.subarray(1, 3);
    expect([...new Uint8Array(movedBuffer(bytes.buffer))]).toEqual([1, 2, 3, 4]);
    expect([bytes.length, view.length, bytes.buffer.byteLength]).toEqual([0, 0, 0]);
  });

  it('is so where the language has no transfer(), too', () => {
    Reflect.deleteProperty(ArrayBuffer.prototype, 'transfer');
    const bytes = Uint8Array.from([1, 2, 3, 4]);
    expect([...new Uint8Array(movedBuffer(bytes.buffer))]).toEqual([1, 2, 3, 4]);
    expect(bytes.length).toBe(0);
  });

  it('is moved by transfer() where there is one', () => {
    const given = new ArrayBuffer(4);
    Object.defineProperty(ArrayBuffer.prototype, 'transfer', { value: () => given, configurable: true });
    expect(movedBuffer(new ArrayBuffer(8))).toBe(given);
  });
});
