/** Method frames for tests: how to make one, its payload, and what an action throws. */
import { ByteWriter } from '../src/byte-writer.ts';
import { encodeMethod, type MethodInput } from '../src/methods.ts';
import { concat } from './hex.ts';

/** Octets of a frame before its payload. */
export const frameHeaderBytes = 7;

/** A whole method frame. */
export function encode(channel: number, method: MethodInput, chunkBytes?: number): Uint8Array {
  const writer = new ByteWriter(chunkBytes);
  encodeMethod(writer, channel, method);
  return concat(...writer.take());
}

/** What is between the frame's header and its end octet. */
export function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(frameHeaderBytes, frame.length - 1);
}

/** What an action throws; it must throw. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
