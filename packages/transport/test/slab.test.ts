import { describe, expect, it } from 'vitest';
import { Slab } from '../src/slab.ts';

const kibibyte = 1024;

describe('Slab', () => {
  it('starts with 16 KiB', () => {
    expect(new Slab().room().length).toBe(16 * kibibyte);
  });

  it('doubles when a read has filled it to the brim', () => {
    const slab = new Slab();
    read(slab, 16 * kibibyte);
    expect(slab.room().length).toBe(32 * kibibyte);
  });

  it('returns the same room again until something is taken', () => {
    const slab = new Slab();
    const first = slab.room();
    const second = slab.room();
    expect(second.buffer).toBe(first.buffer);
    expect(second.byteOffset).toBe(first.byteOffset);
  });

  it('returns successive reads side by side in one buffer', () => {
    const slab = new Slab();
    const views = [5, 100, 3000].map((length) => read(slab, length));
    expect(views.map((view) => view.byteOffset)).toEqual([0, 5, 105]);
    expect(new Set(views.map((view) => view.buffer)).size).toBe(1);
  });

  it('returns the very bytes that were read into its room', () => {
    const slab = new Slab();
    slab.room().set([1, 2, 3]);
    expect([...slab.take(3)]).toEqual([1, 2, 3]);
  });

  it('hands out copies of any length, beside what was read', () => {
    const slab = new Slab();
    const source = Uint8Array.from({ length: 2048 }, (_, index) => index);
    for (const length of [0, 1, 95, 96, 97, 2048]) {
      const before = read(slab, 3);
      const copy = slab.copy(source, length);
      expect(copy).toEqual(source.slice(0, length));
      expect(copy.byteOffset).toBe(before.byteOffset + 3);
    }
    source.fill(7);
    const copies = Array.from({ length: 40 }, () => slab.copy(source, 2048));
    expect(copies.every((copy) => copy.every((octet) => octet === 7))).toBe(true);
  });

  it('reads again where what was handed out last is returned, and nowhere else', () => {
    const slab = new Slab();
    const [first, second] = [read(slab, 100), read(slab, 50)];
    slab.giveBack(first);
    slab.giveBack(new Uint8Array(50));
    expect(slab.room().byteOffset).toBe(150);
    slab.giveBack(second);
    expect(slab.room().byteOffset).toBe(100);
    slab.giveBack(second);
    expect(slab.room().byteOffset).toBe(100);
  });

  it('grows though everything is returned, and stays in one block of 128 KiB then', () => {
    const slab = new Slab();
    const buffers = new Set<ArrayBufferLike>();
    for (let count = 0; count < 20; count++) {
      const { buffer, length } = slab.room();
      buffers.add(buffer);
      slab.giveBack(read(slab, length));
    }
    expect(buffers.size).toBe(4);
    expect(slab.room().length).toBe(128 * kibibyte);
  });

  it('never has less room than 2 KiB, and never returns a byte twice', () => {
    const slab = new Slab();
    const views: Uint8Array[] = [];
    for (let i = 0; i < 500; i++) {
      expect(slab.room().length).toBeGreaterThanOrEqual(2 * kibibyte);
      views.push(read(slab, 700));
    }
    const places = new Map<ArrayBufferLike, number>();
    for (const view of views) {
      expect(view.byteOffset).toBeGreaterThanOrEqual(places.get(view.buffer) ?? 0);
      places.set(view.buffer, view.byteOffset + view.length);
    }
  });

  it('doubles up to 128 KiB while reads fill it to the brim', () => {
    const slab = new Slab();
    const sizes = Array.from({ length: 6 }, () => read(slab, slab.room().length).length / kibibyte);
    expect(sizes).toEqual([16, 32, 64, 128, 128, 128]);
  });

  it('has each of its blocks marked, once', () => {
    const marked: ArrayBufferLike[] = [];
    const slab = new Slab((buffer) => marked.push(buffer));
    const buffers = Array.from({ length: 100 }, () => read(slab, 1500).buffer);
    expect(marked).toEqual([...new Set(buffers)]);
  });

  it('stays small while reads are small', () => {
    const slab = new Slab();
    const sizes = Array.from({ length: 200 }, () => read(slab, 1500).buffer.byteLength);
    expect(new Set(sizes)).toEqual(new Set([16 * kibibyte]));
  });
});

function read(slab: Slab, length: number): Uint8Array {
  slab.room();
  return slab.take(length);
}
