import { describe, expect, it } from 'vitest';
import { FrameSplitter } from '../../src/diagnostics/frame-splitter.ts';

const header = [0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1];
// A body frame on channel 258 with three octets, and a heartbeat.
const body = [3, 1, 2, 0, 0, 0, 3, 7, 8, 9, 0xce];
const heartbeat = [8, 0, 0, 0, 0, 0, 0, 0xce];

/** What comes of the chunks: type, channel and payload of each frame. */
function framesOf(chunks: readonly (readonly number[])[]): string[] {
  const splitter = new FrameSplitter();
  const frames: string[] = [];
  for (const chunk of chunks) {
    splitter.push(Uint8Array.from(chunk), ({ type, channel, payload }) => {
      frames.push(`${type} ${channel} ${[...payload].join(' ')}`.trim());
    });
  }
  return frames;
}

describe('the splitter', () => {
  const all = [...header, ...body, ...heartbeat];
  const frames = [`0 0 ${header.join(' ')}`, '3 258 7 8 9', '8 0'];

  it('returns each frame once, however the bytes are cut', () => {
    expect(framesOf([all])).toEqual(frames);
    expect(framesOf(all.map((octet) => [octet]))).toEqual(frames);
    for (let at = 1; at < all.length; at++) expect(framesOf([all.slice(0, at), all.slice(at)])).toEqual(frames);
  });

  it('keeps a copy of what is lent', () => {
    const splitter = new FrameSplitter();
    const first = Uint8Array.from(body.slice(0, 8));
    const seen: number[][] = [];
    const take = ({ payload }: { readonly payload: Uint8Array }): void => void seen.push([...payload]);
    splitter.push(first, take);
    first.fill(0);
    splitter.push(Uint8Array.from(body.slice(8)), take);
    expect(seen).toEqual([[7, 8, 9]]);
  });

  it('takes more bytes while it hands out a frame', () => {
    const splitter = new FrameSplitter();
    const seen: number[] = [];
    splitter.push(Uint8Array.from(body.slice(0, 8)), () => {});
    splitter.push(Uint8Array.from([...body.slice(8), ...heartbeat]), ({ type }) => {
      seen.push(type);
      if (type === 3) splitter.push(Uint8Array.from(heartbeat), (inner) => seen.push(inner.type));
    });
    expect(seen).toEqual([3, 8, 8]);
  });

  it.each([
    ['of an unknown type', [5, 0, 0, 0, 0, 0, 0, 0xce]],
    ['longer than any broker sends', [3, 0, 0, 0x7f, 0, 0, 0, 1, 2]],
    ['of HTTP', [...'HTTP/1.1 400'].map((letter) => letter.charCodeAt(0))],
  ])('returns bytes %s as they are, once, and looks at no more', (_, bytes) => {
    expect(framesOf([[...heartbeat, ...bytes], heartbeat, heartbeat])).toEqual(['8 0', `0 0 ${bytes.join(' ')}`]);
  });
});
