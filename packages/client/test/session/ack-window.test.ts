import { describe, expect, it } from 'vitest';
import { AckWindow } from '../../src/session/ack-window.ts';

function flushed(window: AckWindow): string[] {
  const written: string[] = [];
  window.flush((tag, multiple) => written.push(multiple ? `<=${tag}` : `${tag}`));
  return written;
}

function withDeliveries(count: number): AckWindow {
  const window = new AckWindow();
  for (let tag = 1; tag <= count; tag++) expect(window.delivered(tag)).toBe(true);
  return window;
}

describe('AckWindow', () => {
  it('writes a run without gaps as one multiple ack', () => {
    const window = withDeliveries(5);
    for (const tag of [3, 1, 2]) window.ack(tag);
    expect(flushed(window)).toEqual(['<=3']);
    expect(window.outstanding).toBe(2);
  });

  it('acks one by one after a gap, and never covers what is not settled', () => {
    const window = withDeliveries(5);
    for (const tag of [1, 3, 5]) window.ack(tag);
    expect(flushed(window)).toEqual(['1', '3', '5']);
    window.ack(2);
    window.ack(4);
    expect(flushed(window)).toEqual(['<=4']);
  });

  it('lets a rejected delivery not stand in the way of a run', () => {
    const window = withDeliveries(3);
    window.reject(2);
    window.ack(1);
    window.ack(3);
    expect(flushed(window)).toEqual(['<=3']);
  });

  it('writes nothing twice', () => {
    const window = withDeliveries(2);
    window.ack(2);
    expect(flushed(window)).toEqual(['2']);
    expect(flushed(window)).toEqual([]);
    window.ack(1);
    expect(flushed(window)).toEqual(['1']);
  });

  it('refuses a tag out of turn without memory spent', () => {
    const window = withDeliveries(1);
    expect(window.delivered(2 ** 52)).toBe(false);
    expect(window.outstanding).toBe(1);
  });

  it('settles every delivery once in any order', () => {
    const count = 700;
    const window = withDeliveries(count);
    const tags = Array.from({ length: count }, (_, index) => ((index * 389) % count) + 1);
    const open = new Set(Array.from({ length: count }, (_, index) => index + 1));
    for (const [index, tag] of tags.entries()) {
      window.ack(tag);
      if (index % 13 !== 0 && index !== count - 1) continue;
      window.flush((upTo, multiple) => {
        if (!multiple) expect(open.delete(upTo)).toBe(true);
        else for (const one of [...open]) if (one <= upTo) open.delete(one);
      });
      expect(open.size).toBe(window.outstanding);
    }
    expect(open.size).toBe(0);
  });
});
