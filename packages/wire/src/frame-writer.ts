/**
 * Writes the frame around a payload, and the heartbeat frame.
 *
 * Must not: know what is in a payload.
 */

import type { ByteWriter } from './byte-writer.ts';
import { FrameType, frameEndOctet, frameHeaderBytes } from './frame-format.ts';

/**
 * Writes the seven octets before a payload whose size is not known yet. AMQP 0-9-1 §4.2.3.
 *
 * It starts no unit: `writer.begin()` before it, or before the first of several frames that belong together.
 *
 * @param type one of `FrameType`.
 * @param channel 0 to 65 535.
 * @returns where the frame starts, relative to `writer.unitStart`: pass it to `endFrame`.
 * @throws {UsageError} when the channel is out of its range.
 */
export function beginFrame(writer: ByteWriter, type: number, channel: number): number {
  writer.reserve(frameHeaderBytes);
  const frameAt = writer.position - writer.unitStart;
  writer.writeUint8(type, 'frame type');
  writer.writeUint16(channel, 'channel');
  writer.position += 4;
  return frameAt;
}

/** Writes the end octet of a frame and sets the size in its header. @param frameAt what `beginFrame` returned. */
export function endFrame(writer: ByteWriter, frameAt: number): void {
  writer.reserve(1);
  const { bytes, position } = writer;
  const at = writer.unitStart + frameAt;
  const size = position - at - frameHeaderBytes;
  bytes[at + 3] = size >>> 24;
  bytes[at + 4] = size >>> 16;
  bytes[at + 5] = size >>> 8;
  bytes[at + 6] = size;
  bytes[position] = frameEndOctet;
  writer.position = position + 1;
}

/** Writes a heartbeat frame, eight octets on channel 0, as a unit of its own. AMQP 0-9-1 §4.2.7. */
export function writeHeartbeat(writer: ByteWriter): void {
  writer.begin();
  endFrame(writer, beginFrame(writer, FrameType.heartbeat, 0));
}
