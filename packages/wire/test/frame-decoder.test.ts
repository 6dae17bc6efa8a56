import { FrameError, UsageError } from '@puka/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../src/frame-decoder.ts';
import { concat, frameOf, fromHex } from './hex.ts';
import { chunkings, cutApart, cutInPlace, decodeChunks, type FrameEvent, RecordingSink } from './recording-sink.ts';
import { badFrameVectors, frameVectors } from './vectors/frame-vectors.ts';

/** Joins body events of one channel that meet where two stretches do. */
function joined(...parts: readonly (readonly FrameEvent[])[]): FrameEvent[] {
  const events: FrameEvent[] = [];
  for (const event of parts.flat()) {
    const last = events.at(-1);
    if (last?.type === 'body' && event.type === 'body' && last.channel === event.channel) {
      events[events.length - 1] = { ...last, payload: last.payload + event.payload };
    } else {
      events.push(event);
    }
  }
  return events;
}

describe('FrameDecoder on vectors', () => {
  it.each(frameVectors)('decodes $name, however it is cut', ({ bytes, events }) => {
    for (const [how, chunks] of chunkings(bytes)) {
      expect(decodeChunks(chunks), how).toEqual({ events, error: undefined });
    }
  });

  it.each(frameVectors)('decodes $name with the next one after it', ({ bytes, events }) => {
    for (const next of frameVectors) {
      expect(decodeChunks([concat(bytes, next.bytes)])).toEqual({
        events: joined(events, next.events),
        error: undefined,
      });
    }
  });

  it.each(badFrameVectors)('refuses $name, however it is cut', ({ bytes, error, message, events = [] }) => {
    const withMore = concat(bytes, fromHex('0800000000 0000ce'));
    for (const [how, chunks] of [...chunkings(bytes), ...chunkings(withMore)]) {
      const outcome = decodeChunks(chunks);
      expect(outcome.error, how).toMatchObject({ name: error, blame: 'peer', message: expect.stringMatching(message) });
      expect(outcome.events, how).toEqual(events);
    }
  });

  it('reports what is wrong with a frame as soon as its seven octets are there', () => {
    expect(decodeChunks([fromHex('02 0001 ffffff')]).error).toBeUndefined();
    expect(decodeChunks([fromHex('02 0001 ffffff'), fromHex('ff')]).error).toBeInstanceOf(FrameError);
  });
});

describe('FrameDecoder on streams', () => {
  const frames = fc.array(
    fc.record({
      type: fc.constantFrom(1, 2, 3, 8),
      channel: fc.integer({ min: 0, max: 65_535 }),
      payload: fc.uint8Array({ maxLength: 300 }),
    }),
    { maxLength: 20 },
  );

  it('returns the same frames for any chunks, in one memory or many', () => {
    const chunkSizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.boolean()), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(frames, chunkSizes, (list, sizes) => {
        const parts = list.map(({ type, channel, payload }) =>
          type === 8 ? frameOf(8, 0, new Uint8Array(0)) : frameOf(type, channel, payload),
        );
        const bytes = concat(...parts);
        const chunks: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const [size, isOwn] = sizes[turn % sizes.length] ?? [1, false];
          const piece = bytes.subarray(at, at + size);
          chunks.push(isOwn ? new Uint8Array(piece) : piece);
          at += size;
        }
        const whole = decodeChunks([bytes]);
        expect(whole.error).toBeUndefined();
        expect(whole.events).toHaveLength(joined(whole.events).length);
        expect(decodeChunks(chunks)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('completes a frame in place when the chunks lie one after the other', () => {
    const bytes = concat(
      frameOf(1, 1, new Uint8Array(100)),
      frameOf(2, 1, new Uint8Array(50)),
      frameOf(3, 1, new Uint8Array(30)),
    );
    for (const places of [[3], [7], [50], [107], [3, 50, 120, 150, 160]]) {
      const sink = new RecordingSink();
      const decoder = new FrameDecoder(sink);
      for (const chunk of cutInPlace(bytes, ...places)) decoder.push(chunk);
      expect(sink.events.map((event) => event.payload.length / 2)).toEqual([100, 50, 30]);
      for (const view of sink.views) expect(view.buffer).toBe(bytes.buffer);
    }
  });

  it('copies a frame together when the chunks lie apart, and hands out bytes that are not changed later', () => {
    const bytes = concat(frameOf(1, 1, new Uint8Array(100).fill(1)), frameOf(1, 2, new Uint8Array(100).fill(2)));
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    for (const chunk of cutApart(bytes, 50, 150)) decoder.push(chunk);
    expect(sink.events.map((event) => event.payload)).toEqual(['01'.repeat(100), '02'.repeat(100)]);
    expect(sink.views[0]?.subarray(7, 107)).toEqual(new Uint8Array(100).fill(1));
    expect(sink.views[0]?.buffer).not.toBe(sink.views[1]?.buffer);
  });

  it('decodes Node buffers that are views of a pool', () => {
    const pool = Buffer.alloc(100, 0xaa);
    pool.set(frameOf(1, 5, Uint8Array.of(1, 2, 3)), 33);
    for (const place of [0, 1, 5, 9]) {
      const outcome = decodeChunks([pool.subarray(33, 33 + place), pool.subarray(33 + place, 44)]);
      expect(outcome.events).toEqual([{ type: 'method', channel: 5, payload: '010203' }]);
    }
  });

  it('keeps no view of a chunk but for an unfinished control frame', () => {
    const decoder = new FrameDecoder(new RecordingSink());
    for (const [hex, keeps] of [
      ['08 0000 00000000 ce', false],
      ['08 0000 0000', true],
      ['0000 ce', false],
      ['01 0001 00000003 6162', true],
      ['63 ce', false],
      ['03 0001 00000004 61', false],
      ['626364 ce', false],
    ] as const) {
      decoder.push(fromHex(hex));
      expect(decoder.keepsChunk, hex).toBe(keeps);
    }
  });

  it('hands a large body out as it comes', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink, { frameMaxBytes: 0 });
    decoder.push(fromHex('03 0001 7fffffff 61'));
    decoder.push(fromHex('62'));
    expect(sink.events).toEqual([{ type: 'body', channel: 1, payload: '6162' }]);
  });

  it('holds the last piece of a body frame back until its end octet is there', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    decoder.push(fromHex('03 0001 00000002 6162'));
    expect(sink.events).toEqual([]);
    expect(decoder.keepsChunk).toBe(true);
    decoder.push(fromHex('ce'));
    expect(decoder.keepsChunk).toBe(false);
    expect(sink.events).toEqual([{ type: 'body', channel: 1, payload: '6162' }]);
  });
});

describe('FrameDecoder limits', () => {
  const bodyOf = (size: number): Uint8Array => frameOf(3, 1, new Uint8Array(size));

  it('takes body frames of 8192 bytes before tune and no more', () => {
    expect(decodeChunks([bodyOf(8184)], {}).error).toBeUndefined();
    expect(decodeChunks([bodyOf(8185)], {}).error).toMatchObject({
      name: 'FrameError',
      message: 'body frame of 8193 bytes; the limit is 8192 (frameMaxBytes)',
    });
  });

  it('takes body frames of frameMaxBytes and no more', () => {
    expect(decodeChunks([bodyOf(92)], { frameMaxBytes: 100 }).error).toBeUndefined();
    expect(decodeChunks([bodyOf(93)], { frameMaxBytes: 100 }).error).toBeInstanceOf(FrameError);
    expect(decodeChunks([bodyOf(100_000)], { frameMaxBytes: 0 }).error).toBeUndefined();
  });

  it('takes a new frameMaxBytes for the next frame, set by the sink', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    sink.method = () => {
      decoder.frameMaxBytes = 20_000;
    };
    decoder.push(concat(frameOf(1, 0, new Uint8Array(4)), bodyOf(19_992)));
    expect(sink.events).toHaveLength(1);
  });

  it.each([
    ['method', 1],
    ['header', 2],
  ])('takes %s frames larger than frameMaxBytes up to maxControlFrameBytes', (kind, type) => {
    const options = { frameMaxBytes: 100, maxControlFrameBytes: 1000 };
    expect(decodeChunks([frameOf(type, 1, new Uint8Array(992))], options).error).toBeUndefined();
    expect(decodeChunks([frameOf(type, 1, new Uint8Array(993))], options).error).toMatchObject({
      message: `${kind} frame of 1001 bytes; the limit is 1000 (maxControlFrameBytes)`,
    });
  });

  it('lets nothing through by a limit that is no number', () => {
    expect(decodeChunks([bodyOf(1)], { frameMaxBytes: Number.NaN }).error).toBeInstanceOf(FrameError);
    const method = frameOf(1, 1, new Uint8Array(4));
    expect(decodeChunks([method], { maxControlFrameBytes: Number.NaN }).error).toBeInstanceOf(FrameError);
  });

  it('keeps memory near what was received when a length lies', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    decoder.push(fromHex('02 0001 00fffff0')); // 16 MiB announced
    decoder.push(fromHex('00'));
    const kept = Reflect.get(decoder, 'assembly');
    expect(kept).toBeInstanceOf(Uint8Array);
    expect((kept as Uint8Array).length).toBeLessThan(70_000);
  });

  it('assembles a control frame of 1 MiB from small chunks without copying it for each', () => {
    const payload = Uint8Array.from({ length: 1_000_000 }, (_, index) => index);
    const bytes = frameOf(2, 1, payload);
    const sink = new RecordingSink();
    const buffers = new Set<unknown>();
    const decoder = new FrameDecoder(sink);
    let received = 0;
    sink.header = (_channel, view, start, end) => {
      received = end - start;
      expect(Buffer.compare(view.subarray(start, end), payload)).toBe(0);
      expect(view.length).toBe(bytes.length);
    };
    for (let at = 0; at < bytes.length; at += 1000) {
      decoder.push(new Uint8Array(bytes.subarray(at, at + 1000)));
      buffers.add(Reflect.get(decoder, 'assembly'));
    }
    expect(received).toBe(1_000_000);
    expect(buffers.size).toBeLessThan(10);
  });
});

describe('FrameDecoder.stop', () => {
  const two = concat(frameOf(1, 1, new Uint8Array(4)), frameOf(1, 2, new Uint8Array(4)));

  it('drops the rest of the chunk and all that follows', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    let calls = 0;
    sink.method = () => {
      calls++;
      decoder.stop();
    };
    decoder.push(two);
    decoder.push(two);
    expect(calls).toBe(1);
  });

  it.each([
    ['a frame in place', [two]],
    ['a frame copied together', cutApart(two, 5)],
  ])('stops for good when the sink throws on %s', (_, chunks) => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    let calls = 0;
    sink.method = () => {
      calls++;
      throw new RangeError('from the sink');
    };
    expect(() => {
      for (const chunk of chunks) decoder.push(chunk);
    }).toThrow('from the sink');
    decoder.push(two);
    expect(calls).toBe(1);
  });

  it('may be called within a piece of a body', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    sink.body = () => decoder.stop();
    decoder.push(concat(fromHex('03 0001 00000001 61 ce'), two));
    decoder.push(two);
    expect(sink.events).toEqual([]);
  });

  it('does nothing more after an error', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    expect(() => decoder.push(fromHex('09 0000 00000000'))).toThrow(FrameError);
    decoder.push(two);
    expect(sink.events).toEqual([]);
  });

  it('refuses to be fed by its own sink', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    sink.method = () => decoder.push(two);
    expect(() => decoder.push(two)).toThrow(UsageError);
  });

  it.each([
    ['a buffer', fromHex('08 0000 00000000 ce').slice().buffer],
    ['a string', 'text'],
    ['numbers of two octets', Uint16Array.of(8, 0)],
    ['nothing', undefined],
  ])('refuses %s, and continues with the next chunk', (_what, given) => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    expect(() => decoder.push(given as unknown as Uint8Array)).toThrow(UsageError);
    decoder.push(fromHex('08 0000 00000000 ce'));
    expect(sink.events).toMatchObject([{ type: 'heartbeat' }]);
  });

  it('ignores empty chunks', () => {
    expect(
      decodeChunks([new Uint8Array(0), two.subarray(0, 5), new Uint8Array(0), two.subarray(5)]).events,
    ).toHaveLength(2);
  });
});
