import { UnexpectedFrame } from '@puka/errors';
import { describe, expect, it, vi } from 'vitest';
import { ContentAssembler } from '../../src/session/content-assembler.ts';
import { seededRandom } from '../seeded.ts';

/** A header frame's payload: class 60, weight 0, the size of the body, no properties. */
function header(bodySize: number): Uint8Array {
  const bytes = new Uint8Array(14);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 60);
  view.setBigUint64(4, BigInt(bodySize));
  return bytes;
}

function begun(bodySize: number): ContentAssembler {
  const assembler = new ContentAssembler(10_000_000, { halfMessageBytes: 0, keptViews: 0 });
  const announced = header(bodySize);
  assembler.method('deliver', announced, 0, 0);
  expect(assembler.header(announced, 0, announced.length)).toBe(bodySize === 0);
  return assembler;
}

function bodyOf({ content }: ContentAssembler): Uint8Array {
  return content.bodyBytes.subarray(content.bodyStart, content.bodyEnd);
}

const memory = Uint8Array.from({ length: 1000 }, (_, index) => index);

describe('a body', () => {
  it('in one piece stays where it was read', () => {
    const assembler = begun(100);
    expect(assembler.body(memory, 10, 110)).toBe(true);
    expect(bodyOf(assembler)).toEqual(memory.subarray(10, 110));
    expect(bodyOf(assembler).buffer).toBe(memory.buffer);
  });

  it('in pieces that were read side by side stays there too, however the reads are cut', () => {
    const assembler = begun(300);
    expect(assembler.body(memory.subarray(0, 60), 10, 60)).toBe(false);
    expect(assembler.body(memory.subarray(60, 200), 0, 140)).toBe(false);
    expect(assembler.body(memory.subarray(150), 50, 160)).toBe(true);
    expect(bodyOf(assembler)).toEqual(memory.subarray(10, 310));
    expect(bodyOf(assembler).buffer).toBe(memory.buffer);
  });

  it('in pieces that lie apart is joined', () => {
    const assembler = begun(200);
    expect(assembler.body(memory, 10, 60)).toBe(false);
    expect(assembler.body(memory, 60, 110)).toBe(false);
    expect(assembler.body(memory, 118, 218)).toBe(true);
    expect(bodyOf(assembler)).toEqual(Uint8Array.from([...memory.subarray(10, 110), ...memory.subarray(118, 218)]));
    expect(bodyOf(assembler).buffer).not.toBe(memory.buffer);
  });

  it('in pieces that lie apart is joined in memory that the option newBody makes', () => {
    const made = new Uint8Array(200);
    const newBody = vi.fn(() => made);
    const assembler = new ContentAssembler(10_000, { halfMessageBytes: 0, keptViews: 0 }, newBody);
    const announced = header(200);
    assembler.method('deliver', announced, 0, 0);
    assembler.header(announced, 0, announced.length);
    assembler.body(memory, 10, 110);
    expect(newBody).not.toHaveBeenCalled();
    expect(assembler.body(memory, 118, 218)).toBe(true);
    expect(newBody.mock.calls).toEqual([[200]]);
    expect(bodyOf(assembler)).toEqual(made);
    expect(bodyOf(assembler).buffer).toBe(made.buffer);
  });

  it('is what was sent, in pieces of any kind', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 300; round++) {
      const size = 1 + Math.floor(random() * 900);
      const assembler = begun(size);
      let isWhole = false;
      for (let from = 0; from < size; ) {
        const end = Math.min(size, from + Math.floor(random() * 200));
        const isApart = random() < 0.2;
        const read = isApart ? memory.slice(from, end) : memory.subarray(0, end);
        isWhole = assembler.body(read, isApart ? 0 : from, isApart ? end - from : end);
        from = end;
      }
      expect(isWhole).toBe(true);
      expect(bodyOf(assembler)).toEqual(memory.subarray(0, size));
    }
  });

  it('whose first frame is empty is whole after the next', () => {
    const assembler = begun(3);
    expect(assembler.body(memory, 5, 5)).toBe(false);
    expect(assembler.body(memory, 7, 10)).toBe(true);
    expect(bodyOf(assembler)).toEqual(memory.subarray(7, 10));
  });

  it('takes no more memory than twice what has come, whatever its header says', () => {
    const assembler = begun(9_000_000);
    assembler.body(memory, 0, 100);
    expect(assembler.content.bodyBytes.length).toBeLessThanOrEqual(1_048_576);
    assembler.body(memory, 200, 300);
    expect(assembler.content.bodyBytes.length).toBeLessThanOrEqual(1_048_576);
  });

  it('of 128 KiB or more keeps nothing of what was read, its method and its header neither; a shorter one does', () => {
    for (const { size, isKept } of [
      { size: 131_071, isKept: true },
      { size: 131_072, isKept: false },
    ]) {
      const counts = { halfMessageBytes: 0, keptViews: 0 };
      const assembler = new ContentAssembler(10_000_000, counts);
      const read = new Uint8Array(20 + size);
      read.set([1, 2, 3]);
      read.set(header(size), 4);
      read.fill(7, 18, 18 + size);
      assembler.method('deliver', read, 0, 3);
      assembler.header(read, 4, 18);
      expect(assembler.body(read, 18, 18 + size)).toBe(true);
      expect(counts.keptViews > 0).toBe(isKept);
      expect(counts.halfMessageBytes).toBe(0);
      if (isKept) continue;
      read.fill(0);
      const { methodBytes, methodStart, methodEnd } = assembler.content;
      expect([...methodBytes.subarray(methodStart, methodEnd)]).toEqual([1, 2, 3]);
      expect(bodyOf(assembler)).toEqual(new Uint8Array(size).fill(7));
    }
  });

  it('is copied into memory that was given for it from the size that this names on, with its method and its header', () => {
    const given = new Uint8Array(1024).fill(1);
    for (const size of [999, 1000, 1001]) {
      const counts = { halfMessageBytes: 0, keptViews: 0 };
      const assembler = new ContentAssembler(10_000, counts);
      const bodyMemory = { copiedFromBytes: 1000, take: () => given };
      assembler.memory = bodyMemory;
      const read = new Uint8Array(20 + size);
      read.set([1, 2, 3]);
      read.set(header(size), 4);
      read.fill(7, 18, 18 + size);
      assembler.method('deliver', read, 0, 3);
      assembler.header(read, 4, 18);
      expect(assembler.body(read, 18, 20)).toBe(false);
      expect(assembler.body(read, 20, 18 + size)).toBe(true);
      const isCopied = size >= 1000;
      const { content } = assembler;
      expect([content.bodyMemory === bodyMemory, content.bodyBytes === given, counts.keptViews === 0]).toEqual([
        isCopied,
        isCopied,
        isCopied,
      ]);
      expect(bodyOf(assembler)).toEqual(new Uint8Array(size).fill(7));
      if (isCopied) read.fill(0);
      expect([...content.methodBytes.subarray(content.methodStart, content.methodEnd)]).toEqual([1, 2, 3]);
    }
  });

  it('that is passed over is in no memory, however far it had come', () => {
    const assembler = new ContentAssembler(10_000, { halfMessageBytes: 0, keptViews: 0 });
    assembler.memory = { copiedFromBytes: 1, take: (byteCount) => new Uint8Array(byteCount) };
    assembler.method('deliver', memory, 0, 0);
    assembler.header(header(10), 0, 14);
    assembler.body(memory, 0, 4);
    assembler.passOver('too many');
    expect([assembler.content.bodyMemory, bodyOf(assembler).length]).toEqual([undefined, 0]);
  });

  it('has a head of its own among those that are copied beside it, longer ones too', () => {
    const assembler = new ContentAssembler(10_000_000, { halfMessageBytes: 0, keptViews: 0 });
    assembler.memory = { copiedFromBytes: 1, take: (byteCount) => new Uint8Array(byteCount) };
    const heads = [];
    for (let index = 1; index <= 200; index++) {
      const method = new Uint8Array(index % 50 === 0 ? 5000 : 40).fill(index);
      assembler.method('deliver', method, 0, method.length);
      const announced = new Uint8Array(100).fill(index);
      announced.set(header(1));
      assembler.header(announced, 0, announced.length);
      expect(assembler.body(memory, 0, 1)).toBe(true);
      heads.push({ index, ...assembler.content });
    }
    for (const head of heads) {
      const method = head.methodBytes.subarray(head.methodStart, head.methodEnd);
      const properties = head.propertiesBytes.subarray(head.propertiesStart, head.propertiesEnd);
      expect([method.length, method.every((octet) => octet === head.index)]).toEqual([
        head.index % 50 === 0 ? 5000 : 40,
        true,
      ]);
      expect(properties.subarray(2).every((octet) => octet === head.index)).toBe(true);
    }
  });

  it('whose method was read before its header keeps what the method lies in', () => {
    const counts = { halfMessageBytes: 0, keptViews: 0 };
    const assembler = new ContentAssembler(10_000_000, counts);
    assembler.method('deliver', memory, 0, 3);
    expect(counts.keptViews).toBe(1);
    counts.keptViews = 0;
    const announced = header(200_000);
    assembler.header(announced, 0, announced.length);
    expect(counts.keptViews).toBe(0);
  });

  it('longer than announced is an error, and so is one that was not announced', () => {
    const assembler = begun(10);
    expect(() => assembler.body(memory, 0, 11)).toThrow(UnexpectedFrame);
    expect(() => new ContentAssembler(9, { halfMessageBytes: 0, keptViews: 0 }).body(memory, 0, 1)).toThrow(
      UnexpectedFrame,
    );
  });

  it('over the limit is passed over, and its bytes are counted all the same', () => {
    const halves = { halfMessageBytes: 0, keptViews: 0 };
    const assembler = new ContentAssembler(9, halves);
    assembler.method('deliver', memory, 0, 0);
    expect(assembler.header(header(10), 0, 14)).toBe(true);
    expect(assembler.content.overLimit).toMatch(/10 bytes .* maxMessageBytes is 9/);
    expect(bodyOf(assembler)).toEqual(new Uint8Array(0));
    expect(assembler.isUnderWay).toBe(true);
    expect(assembler.body(memory, 0, 4)).toBe(false);
    expect(() => assembler.body(memory, 0, 7)).toThrow(UnexpectedFrame);
    expect(assembler.body(memory, 4, 10)).toBe(false);
    expect(assembler.isUnderWay).toBe(false);
    assembler.method('deliver', memory, 0, 0);
    expect(assembler.header(header(9), 0, 14)).toBe(false);
    expect(assembler.content.overLimit).toBeUndefined();
    expect(assembler.body(memory, 0, 9)).toBe(true);
    expect(halves.halfMessageBytes).toBe(0);
  });
});
