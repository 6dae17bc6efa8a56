/**
 * Splits a body into body frames.
 *
 * Must not: join bodies. Their receiver knows how many bytes the content header announced.
 */

import { UsageError } from '@puka/errors';
import { isBytes } from './any-realm.ts';
import type { ByteWriter } from './byte-writer.ts';
import { describe } from './field-place.ts';
import { FrameType, frameEndOctet, frameHeaderBytes } from './frame-format.ts';
import { beginFrame, endFrame } from './frame-writer.ts';
import { defaultCopyUpToBytes, frameOverheadBytes } from './limits.ts';

/** The largest frame if `frame_max` is 0 (no limit): 2^31 − 1, the octets around the payload included. */
const unlimitedFrameBytes = 0x7fff_ffff;

/**
 * The most bytes of a body in one frame: `frame_max` includes the eight octets around the payload. AMQP 0-9-1 §4.2.3.
 *
 * @param frameMaxBytes the tuned `frame_max`, at least 9, or 0 for no limit.
 * @throws {UsageError} if no byte of a body would fit.
 */
export function bodyFramePayloadMax(frameMaxBytes: number): number {
  const payloadMax = (frameMaxBytes === 0 ? unlimitedFrameBytes : frameMaxBytes) - frameOverheadBytes;
  if (payloadMax >= 1) return payloadMax;
  throw new UsageError(`frameMaxBytes is ${frameMaxBytes}; a frame with one byte of a body takes 9, and 0 is no limit`);
}

/**
 * Writes a body as body frames, after the method and the content header of the same unit; it starts no unit of its own.
 * An empty body has no frame. AMQP 0-9-1 §4.2.6.2.
 *
 * @param body pieces over `copyUpToBytes` are lent to the writer until they are sent; shorter ones are copied at once.
 * @param frameMaxBytes the tuned `frame_max`, or 0 for no limit.
 * @param copyUpToBytes 16 384 by default.
 * @throws {UsageError} for a body that is not a `Uint8Array`, a channel out of its range, and a `frameMaxBytes` that leaves no room.
 */
export function writeBody(
  writer: ByteWriter,
  channel: number,
  body: Uint8Array,
  frameMaxBytes: number,
  copyUpToBytes: number = defaultCopyUpToBytes,
): void {
  // A string would be sent as zeros.
  if (!isBytes(body)) throw new UsageError(`a body is a Uint8Array, not ${describe(body)}`);
  const { length } = body;
  if (length === 0) return;
  const pieceMax = bodyFramePayloadMax(frameMaxBytes);
  if (length <= pieceMax && length <= copyUpToBytes) {
    writer.reserve(length + frameOverheadBytes);
    const frameAt = beginFrame(writer, FrameType.body, channel);
    writer.writeBytes(body);
    endFrame(writer, frameAt);
    return;
  }
  for (let from = 0; from < length; from += pieceMax) {
    const piece = body.subarray(from, Math.min(from + pieceMax, length));
    if (piece.length <= copyUpToBytes) {
      // The frames before are complete: without this they would move together to the next chunk.
      writer.pin();
      writer.reserve(piece.length + frameOverheadBytes);
      const frameAt = beginFrame(writer, FrameType.body, channel);
      writer.writeBytes(piece);
      endFrame(writer, frameAt);
    } else {
      writeLentFrame(writer, channel, piece);
    }
  }
}

/** The octets around the piece are written, the piece itself is queued by reference. */
function writeLentFrame(writer: ByteWriter, channel: number, piece: Uint8Array): void {
  writer.reserve(frameHeaderBytes);
  writer.writeUint8(FrameType.body);
  writer.writeUint16(channel, 'channel');
  writer.writeUint32(piece.length);
  writer.append(piece);
  writer.writeUint8(frameEndOctet);
}
