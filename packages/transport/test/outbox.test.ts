import { describe, expect, it } from 'vitest';
import { Outbox } from '../src/outbox.ts';
import { movesDuring } from './count-moves.ts';

/** Sends all of it, so many bytes at a time. */
function drain(outbox: Outbox, bytesAtATime: number): number[] {
  const sent: number[] = [];
  for (let bytes = outbox.next(); bytes !== undefined; bytes = outbox.next()) {
    const count = Math.min(bytesAtATime, bytes.length);
    sent.push(...bytes.subarray(0, count));
    outbox.sent(count);
  }
  return sent;
}

describe('Outbox', () => {
  it.each([1, 2, 3, 100])('returns what was added in order when %s bytes are sent at a time', (count) => {
    const outbox = new Outbox();
    outbox.add(Uint8Array.of(1, 2, 3));
    outbox.add(new Uint8Array());
    outbox.add(Uint8Array.of(4));
    expect(outbox.bytes).toBe(4);
    expect(drain(outbox, count)).toEqual([1, 2, 3, 4]);
    expect(outbox.bytes).toBe(0);
  });

  it('puts small chunks together, up to 64 KiB', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 9; i++) outbox.add(new Uint8Array(10_000).fill(i));
    expect(outbox.next()?.length).toBe(60_000);
    outbox.sent(60_000);
    expect(outbox.next()?.length).toBe(30_000);
    expect(outbox.next()?.[0]).toBe(6);
  });

  it('returns large chunks uncopied', () => {
    const outbox = new Outbox();
    const large = new Uint8Array(16 * 1024);
    outbox.add(large);
    outbox.add(Uint8Array.of(1));
    expect(outbox.next()).toBe(large);
  });

  it('returns the rest of a chunk after a part of it was sent, followed by what came meanwhile', () => {
    const outbox = new Outbox();
    outbox.add(Uint8Array.of(1, 2, 3));
    outbox.next();
    outbox.sent(1);
    outbox.add(Uint8Array.of(4));
    expect(outbox.bytes).toBe(3);
    expect(drain(outbox, 10)).toEqual([2, 3, 4]);
  });

  it.each([10, 20_000])('returns nothing after %i bytes whose buffer was transferred meanwhile', (size) => {
    const outbox = new Outbox();
    const lost = new Uint8Array(size);
    for (const chunk of [Uint8Array.of(1), Uint8Array.of(2), lost, Uint8Array.of(3)]) outbox.add(chunk);
    expect(outbox.hasGap).toBe(false);
    structuredClone(lost, { transfer: [lost.buffer] });
    expect(drain(outbox, 10)).toEqual([1, 2]);
    expect(outbox.hasGap).toBe(true);
    outbox.add(Uint8Array.of(4));
    expect(outbox.next()).toBeUndefined();
  });

  it('has nothing after clear()', () => {
    const outbox = new Outbox();
    outbox.add(Uint8Array.of(1));
    outbox.clear();
    expect([outbox.bytes, outbox.next()]).toEqual([0, undefined]);
  });

  it('takes word of bytes that were forgotten meanwhile as nothing', () => {
    const outbox = new Outbox();
    outbox.add(Uint8Array.of(1, 2));
    outbox.next();
    outbox.clear();
    outbox.sent(2);
    expect(outbox.bytes).toBe(0);
  });

  it('moves each of 100,000 chunks a few times at most', () => {
    const outbox = new Outbox();
    const chunk = new Uint8Array(100);
    for (let i = 0; i < 100_000; i++) outbox.add(chunk);
    const moves = movesDuring(() => {
      while (outbox.bytes > 0) outbox.sent(outbox.next()?.length ?? 0);
    });
    expect(moves).toBeLessThan(4 * 100_000);
  });
});
