import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { bodyFramePayloadMax, writeBody } from '../src/content.ts';
import { concat, frameOf, toHex } from './hex.ts';
import { decodeChunks } from './recording-sink.ts';

const bodyOf = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => index * 7);

/** The chunks of a body. */
function chunksOf(body: Uint8Array, frameMaxBytes: number, copyUpTo?: number): Uint8Array[] {
  const writer = new ByteWriter();
  writer.begin();
  writeBody(writer, 1, body, frameMaxBytes, copyUpTo);
  return writer.take();
}

describe('bodyFramePayloadMax', () => {
  it('leaves room for the eight octets around the payload', () => {
    expect(bodyFramePayloadMax(8192)).toBe(8184);
    expect(bodyFramePayloadMax(0)).toBe(2 ** 31 - 1 - 8);
  });
});

it.each([1, 8, -5, Number.NaN])('refuses a frame_max of %d, which has no room for a body', (frameMaxBytes) => {
  expect(() => bodyFramePayloadMax(frameMaxBytes)).toThrow(UsageError);
  expect(() => writeBody(new ByteWriter(), 1, bodyOf(10), frameMaxBytes)).toThrow(UsageError);
});

describe('writeBody', () => {
  it('writes no frame for an empty body', () => {
    expect(chunksOf(new Uint8Array(0), 8192)).toEqual([]);
  });

  it.each([1, 100, 8183, 8184, 8185, 16_368, 16_369, 100_000])(
    'splits a body of %i bytes into frames of frame_max',
    (size) => {
      const body = bodyOf(size);
      const chunks = chunksOf(body, 8192);
      const frames: Uint8Array[] = [];
      for (let at = 0; at < size; at += 8184) frames.push(frameOf(3, 1, body.subarray(at, at + 8184)));
      expect(toHex(concat(...chunks))).toBe(toHex(concat(...frames)));
      expect(decodeChunks(chunks, { frameMaxBytes: 8192 }).events).toEqual([
        { type: 'body', channel: 1, payload: toHex(body) },
      ]);
    },
  );

  it('writes one frame where there is no limit', () => {
    expect(toHex(concat(...chunksOf(bodyOf(300_000), 0)))).toBe(toHex(frameOf(3, 1, bodyOf(300_000))));
  });

  it('copies up to 16 384 bytes, and lends more', () => {
    const small = bodyOf(16_384);
    const large = bodyOf(16_385);
    expect(chunksOf(small, 131_072).some((chunk) => chunk.buffer === small.buffer)).toBe(false);
    const chunks = chunksOf(large, 131_072);
    expect(chunks.map((chunk) => chunk.length)).toEqual([7, 16_385, 1]);
    expect(chunks[1]?.buffer).toBe(large.buffer);
  });

  it('lends each frame of a large body, and copies a short last one', () => {
    const body = bodyOf(300_000);
    const chunks = chunksOf(body, 131_072);
    expect(toHex(concat(...chunks))).toBe(
      toHex(
        concat(
          frameOf(3, 1, body.subarray(0, 131_064)),
          frameOf(3, 1, body.subarray(131_064, 262_128)),
          frameOf(3, 1, body.subarray(262_128)),
        ),
      ),
    );
    expect(chunks.filter((chunk) => chunk.buffer === body.buffer)).toHaveLength(3);
    expect(chunksOf(bodyOf(131_064 + 10), 131_072).at(-1)?.length).toBe(1 + 7 + 10 + 1);
  });

  it('copies everything with copyUpToBytes Infinity and lends everything with 0', () => {
    const body = bodyOf(50_000);
    expect(chunksOf(body, 0, Number.POSITIVE_INFINITY)).toHaveLength(1);
    expect(chunksOf(bodyOf(1), 0, 0)).toHaveLength(3);
  });

  it.each([
    ['a string', 'text'],
    ['a buffer', new ArrayBuffer(4)],
    ['numbers of two octets', Uint16Array.of(1, 2)],
    ['nothing', undefined],
  ])('refuses %s, which would be sent as different octets', (_what, body) => {
    expect(() => chunksOf(body as unknown as Uint8Array, 8192)).toThrow(UsageError);
  });

  it('is forgotten as a whole by rollback', () => {
    const writer = new ByteWriter(1024);
    writer.begin();
    writer.writeUint8(1);
    writer.begin();
    writer.writeUint8(2);
    writeBody(writer, 1, bodyOf(100_000), 8192);
    writeBody(writer, 1, bodyOf(100_000), 131_072);
    writer.rollback();
    expect(toHex(concat(...writer.take()))).toBe('01');
  });

  it('does not move frames that are complete when many small ones follow', () => {
    const writer = new ByteWriter();
    writer.begin();
    writeBody(writer, 1, bodyOf(1_000_000), 8192);
    const sizes = writer.take().map((chunk) => chunk.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
  });

  it('refuses a channel beyond 65535', () => {
    expect(() => writeBody(new ByteWriter(), 70_000, bodyOf(1), 8192)).toThrow(UsageError);
    expect(() => writeBody(new ByteWriter(), 70_000, bodyOf(100_000), 0)).toThrow(UsageError);
  });
});
