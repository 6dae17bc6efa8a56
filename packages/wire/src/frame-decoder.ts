/**
 * Cuts a stream of chunks into frames and hands their payloads to a sink, in place if they lie in one stretch of memory.
 *
 * Must not: look into a payload, know which channels are open, or keep more than one unfinished method or header frame.
 */

import { FrameError, UnexpectedFrame, UsageError } from '@puka/errors';
import { isBytes } from './any-realm.ts';
import { describe } from './field-place.ts';
import { FrameType, frameEndOctet, frameHeaderBytes } from './frame-format.ts';
import { defaultMaxControlFrameBytes, frameMinBytes, frameOverheadBytes } from './limits.ts';

/**
 * Receives what a `FrameDecoder` finds. All byte arrays are those given to `push()`, or the decoder's own that it never uses again:
 * they may be kept, but a view keeps its whole chunk alive.
 */
export interface FrameSink {
  /** A whole method frame: its payload is `bytes[start .. end)`. */
  method(channel: number, bytes: Uint8Array, start: number, end: number): void;
  /** A whole content header frame: its payload is `bytes[start .. end)`. */
  header(channel: number, bytes: Uint8Array, start: number, end: number): void;
  /**
   * The next piece of a body frame's payload. A frame may come in several pieces, and pieces are joined by their bytes, not by frames.
   * The last piece of a frame is emitted after its end octet was checked. An empty body frame yields one empty piece.
   */
  body(channel: number, bytes: Uint8Array, start: number, end: number): void;
  /** A heartbeat frame on channel 0. */
  heartbeat(): void;
}

/** Limits of a `FrameDecoder`. */
export interface FrameDecoderOptions {
  /** The most bytes of a body frame, the eight octets around the payload included; 8192 by default, the limit before tune; 0 is no limit. */
  readonly frameMaxBytes?: number;
  /** The most bytes of a method or header frame, counted the same way; 16 MiB by default. RabbitMQ's header frames may be larger than `frame_max`. */
  readonly maxControlFrameBytes?: number;
}

/** A buffer for an unfinished frame is at most this much larger than twice what was received: a lying length costs nothing. */
const assemblySlackBytes = 65_536;

const idle = 0;
const decoding = 1;
const stopped = 2;

/** Cuts frames out of a byte stream. AMQP 0-9-1 §4.2.3. */
export class FrameDecoder {
  /** Limit in bytes for body frames; settable at any time (after tune), also by the sink. 0 is no limit. */
  frameMaxBytes: number;

  private readonly sink: FrameSink;
  private readonly maxControlFrameBytes: number;
  private state = idle;

  /** An unfinished frame header, method or header frame, where it lies: at the end of the last chunk. */
  private rest: Uint8Array | undefined;
  /** The same, copied together, once a chunk came that does not lie after the one before. */
  private assembly: Uint8Array | undefined;
  private assembledBytes = 0;

  /** Payload octets of the current body frame that have not arrived; -1 between frames. */
  private bodyLeft = -1;
  private bodyChannel = 0;
  /** The last piece of a body frame, from `heldStart` to its end, whose end octet has not come yet. */
  private held: Uint8Array | undefined;
  private heldStart = 0;

  /** @param sink is called from within `push()`, in the order of the frames. */
  constructor(sink: FrameSink, options: FrameDecoderOptions = {}) {
    this.sink = sink;
    this.frameMaxBytes = options.frameMaxBytes ?? frameMinBytes;
    this.maxControlFrameBytes = options.maxControlFrameBytes ?? defaultMaxControlFrameBytes;
  }

  /**
   * Decodes the next chunk of the stream, of any size. After an error or `stop()` it does nothing.
   *
   * @param chunk is given away: it must not be changed any more. Chunks that lie one after the other in memory are never copied.
   * @throws {FrameError} for an unknown frame type, a wrong end octet, a frame over its limit, a heartbeat with a payload.
   * @throws {UnexpectedFrame} for a heartbeat on a channel other than 0.
   * @throws what the sink throws; the stream cannot be resumed then.
   * @throws {UsageError} for anything but a `Uint8Array`, and when called from within the sink.
   */
  push(chunk: Uint8Array): void {
    // An ArrayBuffer has no `length`, and would be treated as empty.
    if (!isBytes(chunk)) throw new UsageError(`FrameDecoder.push takes a Uint8Array, not ${describe(chunk)}`);
    if (this.state === stopped || chunk.length === 0) return;
    if (this.state === decoding) throw new UsageError('FrameDecoder.push was called by its own sink');
    this.state = decoding;
    try {
      this.decode(chunk);
    } catch (error) {
      this.stop();
      throw error;
    }
    if (this.state === decoding) this.state = idle;
  }

  /** Whether it keeps a view of the last chunk: an unfinished frame, or a body frame whose end octet has not come. */
  get keepsChunk(): boolean {
    return this.rest !== undefined || this.held !== undefined;
  }

  /** Ends the decoding for good; the rest of the current chunk is dropped. The sink may call it. */
  stop(): void {
    this.state = stopped;
    this.rest = undefined;
    this.assembly = undefined;
    this.held = undefined;
  }

  private decode(chunk: Uint8Array): void {
    if (this.bodyLeft >= 0) {
      this.decodeFrames(chunk, this.continueBody(chunk, 0));
      return;
    }
    const { rest } = this;
    if (rest !== undefined) {
      this.rest = undefined;
      if (rest.buffer === chunk.buffer && rest.byteOffset + rest.length === chunk.byteOffset) {
        this.decodeFrames(new Uint8Array(rest.buffer, rest.byteOffset, rest.length + chunk.length), 0);
        return;
      }
      this.assembledBytes = 0;
      const isHeaderKnown = rest.length >= frameHeaderBytes;
      this.collect(rest, 0, isHeaderKnown ? this.admittedSize(rest, 0) + frameOverheadBytes : frameHeaderBytes);
    }
    this.decodeFrames(chunk, this.assembly === undefined ? 0 : this.assemble(chunk));
  }

  /** Decodes the frames of a chunk from `from` on, and keeps what is left of the last one. */
  private decodeFrames(bytes: Uint8Array, from: number): void {
    const { sink } = this;
    const end = bytes.length;
    let at = from;
    while (at < end && this.state === decoding) {
      if (end - at < frameHeaderBytes) {
        this.rest = at === 0 ? bytes : bytes.subarray(at);
        return;
      }
      const type = bytes[at];
      const channel = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      const start = at + frameHeaderBytes;
      const payloadEnd = start + this.admittedSize(bytes, at);
      if (payloadEnd >= end) {
        if (type === FrameType.body) {
          this.bodyChannel = channel;
          this.bodyLeft = payloadEnd - start;
          this.continueBody(bytes, start);
        } else {
          this.rest = at === 0 ? bytes : bytes.subarray(at);
        }
        return;
      }
      if (bytes[payloadEnd] !== frameEndOctet) refuseEndOctet(bytes[payloadEnd], channel);
      if (type === FrameType.body) sink.body(channel, bytes, start, payloadEnd);
      else if (type === FrameType.method) sink.method(channel, bytes, start, payloadEnd);
      else if (type === FrameType.header) sink.header(channel, bytes, start, payloadEnd);
      else sink.heartbeat();
      at = payloadEnd + 1;
    }
  }

  /** Reads the size of the frame at `at` and holds type, channel and size against the rules, before anything is kept of it. */
  private admittedSize(bytes: Uint8Array, at: number): number {
    const size =
      (((bytes[at + 3] ?? 0) << 24) |
        ((bytes[at + 4] ?? 0) << 16) |
        ((bytes[at + 5] ?? 0) << 8) |
        (bytes[at + 6] ?? 0)) >>>
      0;
    const type = bytes[at];
    if (type === FrameType.body) {
      const limit = this.frameMaxBytes;
      if (!(size + frameOverheadBytes <= limit) && limit !== 0) refuseSize('body', size, limit, 'frameMaxBytes');
    } else if (type === FrameType.method || type === FrameType.header) {
      const limit = this.maxControlFrameBytes;
      if (!(size + frameOverheadBytes <= limit)) {
        refuseSize(type === FrameType.method ? 'method' : 'header', size, limit, 'maxControlFrameBytes');
      }
    } else if (type !== FrameType.heartbeat) {
      throw new FrameError(`frame of unknown type ${type}`, { blame: 'peer' });
    } else {
      admitHeartbeat(((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0), size);
    }
    return size;
  }

  /** Hands out what a chunk has of the current body frame from `at` on. @returns where the next frame starts. */
  private continueBody(bytes: Uint8Array, at: number): number {
    const { held, bodyLeft, bodyChannel } = this;
    const available = bytes.length - at;
    if (held !== undefined) {
      if (bytes[at] !== frameEndOctet) refuseEndOctet(bytes[at], bodyChannel);
      this.held = undefined;
      this.bodyLeft = -1;
      this.sink.body(bodyChannel, held, this.heldStart, held.length);
      return at + 1;
    }
    if (available > bodyLeft) {
      const end = at + bodyLeft;
      if (bytes[end] !== frameEndOctet) refuseEndOctet(bytes[end], bodyChannel);
      this.bodyLeft = -1;
      this.sink.body(bodyChannel, bytes, at, end);
      return end + 1;
    }
    this.bodyLeft = bodyLeft - available;
    if (available === bodyLeft) {
      this.held = bytes;
      this.heldStart = at;
    } else if (available > 0) {
      this.sink.body(bodyChannel, bytes, at, bytes.length);
    }
    return bytes.length;
  }

  /** Goes on with the copied unfinished frame. @returns where the next frame starts in the chunk. */
  private assemble(chunk: Uint8Array): number {
    let at = 0;
    if (this.assembledBytes < frameHeaderBytes) {
      at = this.collect(chunk, 0, frameHeaderBytes);
      if (this.assembledBytes < frameHeaderBytes) return at;
    }
    const frame = this.assembly ?? chunk;
    const size = this.admittedSize(frame, 0);
    if (frame[0] === FrameType.body) {
      this.bodyChannel = ((frame[1] ?? 0) << 8) | (frame[2] ?? 0);
      this.bodyLeft = size;
      this.assembly = undefined;
      return this.continueBody(chunk, at);
    }
    at = this.collect(chunk, at, size + frameOverheadBytes);
    const assembled = this.assembly;
    if (assembled !== undefined && this.assembledBytes === size + frameOverheadBytes) {
      this.assembly = undefined;
      this.decodeFrames(assembled, 0);
    }
    return at;
  }

  /** Copies from the chunk until `frameBytes` are assembled or it is used up. @returns how far it was used. */
  private collect(chunk: Uint8Array, from: number, frameBytes: number): number {
    const have = this.assembledBytes;
    const end = Math.min(chunk.length, from + frameBytes - have);
    const total = have + end - from;
    let buffer = this.assembly;
    if (buffer === undefined || buffer.length < total) {
      const larger = new Uint8Array(Math.min(frameBytes, total * 2 + assemblySlackBytes));
      if (buffer !== undefined) larger.set(buffer.subarray(0, have));
      buffer = larger;
      this.assembly = larger;
    }
    buffer.set(chunk.subarray(from, end), have);
    this.assembledBytes = total;
    return end;
  }
}

function admitHeartbeat(channel: number, size: number): void {
  if (channel !== 0)
    throw new UnexpectedFrame(`heartbeat frame on channel ${channel}; it belongs on 0`, { blame: 'peer' });
  if (size !== 0) throw new FrameError(`heartbeat frame with a payload of ${size} bytes`, { blame: 'peer' });
}

function refuseSize(kind: string, size: number, limit: number, limitName: string): never {
  const bytes = size + frameOverheadBytes;
  throw new FrameError(`${kind} frame of ${bytes} bytes; the limit is ${limit} (${limitName})`, { blame: 'peer' });
}

function refuseEndOctet(octet: number | undefined, channel: number): never {
  const met = (octet ?? 0).toString(16).padStart(2, '0');
  throw new FrameError(`frame on channel ${channel} ends with octet 0x${met}, not 0xce`, { blame: 'peer' });
}
