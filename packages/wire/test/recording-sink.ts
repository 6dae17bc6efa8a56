/** A frame sink that writes down what it gets, and the ways to feed a decoder. */

import { FrameDecoder, type FrameDecoderOptions, type FrameSink } from '../src/frame-decoder.ts';
import { toHex } from './hex.ts';

/** One frame, or the joined pieces of the body frames of one channel that follow each other. */
export interface FrameEvent {
  readonly type: 'method' | 'header' | 'body' | 'heartbeat';
  readonly channel: number;
  readonly payload: string;
}

/** Records frames; body pieces are joined, since how many there are depends on the chunks. */
export class RecordingSink implements FrameSink {
  readonly events: FrameEvent[] = [];
  /** Each call with the array it was given. */
  readonly views: Uint8Array[] = [];

  method(channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.record('method', channel, bytes, start, end);
  }

  header(channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.record('header', channel, bytes, start, end);
  }

  body(channel: number, bytes: Uint8Array, start: number, end: number): void {
    const last = this.events.at(-1);
    if (last?.type === 'body' && last.channel === channel) {
      this.events.pop();
      this.views.push(bytes);
      this.events.push({ type: 'body', channel, payload: last.payload + toHex(bytes, start, end) });
    } else {
      this.record('body', channel, bytes, start, end);
    }
  }

  heartbeat(): void {
    this.events.push({ type: 'heartbeat', channel: 0, payload: '' });
  }

  private record(type: FrameEvent['type'], channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.views.push(bytes);
    this.events.push({ type, channel, payload: toHex(bytes, start, end) });
  }
}

/** What a decoder makes of chunks: the frames, and the error that ended it. */
export interface Outcome {
  readonly events: readonly FrameEvent[];
  readonly error: unknown;
}

/** Feeds chunks to a fresh decoder. */
export function decodeChunks(
  chunks: Iterable<Uint8Array>,
  options: FrameDecoderOptions = { frameMaxBytes: 0 },
): Outcome {
  const sink = new RecordingSink();
  const decoder = new FrameDecoder(sink, options);
  let error: unknown;
  for (const chunk of chunks) {
    try {
      decoder.push(chunk);
    } catch (thrown) {
      error = thrown;
    }
  }
  return { events: sink.events, error };
}

/** Cuts bytes at the given places, into views of one memory: they lie one after the other. */
export function cutInPlace(bytes: Uint8Array, ...places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places, bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

/** Cuts bytes at the given places, each piece into memory of its own. */
export function cutApart(bytes: Uint8Array, ...places: readonly number[]): Uint8Array[] {
  return cutInPlace(bytes, ...places).map((piece) => new Uint8Array(piece));
}

/** Every way the vectors are fed, with its name. */
export function* chunkings(bytes: Uint8Array): Generator<readonly [string, Uint8Array[]]> {
  yield ['whole', [bytes]];
  const everywhere = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1);
  yield ['byte by byte in one memory', cutInPlace(bytes, ...everywhere)];
  yield ['byte by byte, each in its own memory', cutApart(bytes, ...everywhere)];
  for (const place of everywhere) {
    yield [`split at ${place}`, cutApart(bytes, place)];
    yield [`split in place at ${place}`, cutInPlace(bytes, place)];
  }
}
