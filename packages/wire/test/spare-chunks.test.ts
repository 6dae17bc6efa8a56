import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { SpareChunks } from '../src/spare-chunks.ts';

describe('SpareChunks', () => {
  it('returns the chunk that was given last, else a new one', () => {
    const spares = new SpareChunks(16);
    const [first, second] = [spares.take(), spares.take()];
    expect(first.length).toBe(16);
    expect(second.buffer).not.toBe(first.buffer);
    spares.give(second);
    spares.give(first);
    expect([spares.take(), spares.take()]).toEqual([first, second]);
  });

  it('drops a chunk of another size', () => {
    const spares = new SpareChunks(16);
    spares.give(new Uint8Array(0));
    spares.give(new Uint8Array(32));
    expect(spares.take().length).toBe(16);
  });

  it('keeps 32 chunks and no more', () => {
    const spares = new SpareChunks(16);
    const given = Array.from({ length: 65 }, () => new Uint8Array(16));
    for (const chunk of given) spares.give(chunk);
    const kept = new Set(Array.from({ length: 65 }, () => spares.take()));
    expect(given.filter((chunk) => kept.has(chunk)).length).toBe(32);
  });
});

describe('ByteWriters that share spare chunks', () => {
  it('hold no memory before they write, nor after what they wrote may be overwritten', () => {
    const spares = new SpareChunks(16);
    const writers = [new ByteWriter(spares), new ByteWriter(spares)];
    const buffers = writers.map((writer) => {
      expect(writer.bytes.length).toBe(0);
      writer.begin();
      writer.writeUint32(7);
      const [taken] = writer.take();
      writer.reuse();
      expect(writer.bytes.length).toBe(0);
      return taken?.buffer;
    });
    expect(buffers[1]).toBe(buffers[0]);
  });

  it('keep their chunk while something is pending, so that no other writer uses it', () => {
    const spares = new SpareChunks(16);
    const [one, other] = [new ByteWriter(spares), new ByteWriter(spares)];
    one.begin();
    one.writeUint8(1);
    one.reuse();
    other.begin();
    other.writeUint8(2);
    expect([...one.take(), ...other.take()].map((chunk) => [...chunk])).toEqual([[1], [2]]);
  });

  it('do not return a chunk that a long unit has made', () => {
    const spares = new SpareChunks(16);
    const writer = new ByteWriter(spares);
    writer.begin();
    writer.writeBytes(new Uint8Array(40));
    writer.take();
    writer.reuse();
    expect(spares.take().length).toBe(16);
  });
});
