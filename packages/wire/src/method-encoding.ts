/**
 * The common parts of the generated encoders: the frame's header and end, the bits, and the errors. Must not know any
 * single method.
 */
import { LimitExceeded, peerText, UsageError } from '@puka/errors';
import type { ByteWriter } from './byte-writer.ts';
import { describe } from './field-place.ts';
import { FrameType } from './frame-format.ts';
import { beginFrame, endFrame } from './frame-writer.ts';

/** A method frame is a unit of its own: it starts where the unit starts that {@link beginMethod} begins. */
const frameAt = 0;

/**
 * Begins a unit of the writer with the header of a method frame and the method's id.
 *
 * @throws {UsageError} for a channel number out of 0 to 65535.
 */
export function beginMethod(writer: ByteWriter, channel: number, id: number): void {
  writer.begin();
  beginFrame(writer, FrameType.method, channel);
  writer.writeUint32(id);
}

/**
 * Ends the frame: writes its size and the end octet.
 *
 * @param frameMaxBytes The largest frame allowed; 0 is no limit.
 * @throws {LimitExceeded} for a larger frame.
 */
export function endMethod(writer: ByteWriter, frameMaxBytes: number, method: string): void {
  endFrame(writer, frameAt);
  const frameBytes = writer.position - writer.unitStart;
  if (frameMaxBytes > 0 && frameBytes > frameMaxBytes) {
    // A method can't be split, and the broker answers a frame over the limit by closing the connection (501).
    throw new LimitExceeded(`${method} takes a frame of ${frameBytes} bytes; the limit frameMax is ${frameMaxBytes}`);
  }
}

/**
 * Removes what was written of a method.
 *
 * @returns The error to throw: an error of Puka with the method's name, or the same error.
 */
export function abandonMethod(writer: ByteWriter, error: unknown, method: string): unknown {
  writer.rollback();
  if (error instanceof UsageError) return new UsageError(error.message, { method });
  if (error instanceof LimitExceeded) return new LimitExceeded(error.message, { method });
  return error;
}

/**
 * An optional bit.
 *
 * @returns `mask` for true, else 0.
 * @throws {UsageError} for a value that is neither a boolean nor `undefined`.
 */
export function optionalBit(value: boolean | undefined, mask: number, field: string): number {
  return value === undefined ? 0 : requiredBit(value, mask, field);
}

/**
 * A required bit.
 *
 * @returns `mask` for true, else 0.
 * @throws {UsageError} for a value that is no boolean.
 */
export function requiredBit(value: boolean, mask: number, field: string): number {
  if (value === true) return mask;
  if (value === false) return 0;
  throw new UsageError(`${field} is ${show(value)}; it takes true or false`);
}

/**
 * Refuses a method of an unknown type, which only plain JavaScript can pass.
 *
 * @throws {UsageError} always.
 */
export function refuseMethod(method: never): never {
  const { type }: { readonly type?: unknown } = method;
  throw new UsageError(`type of the method is ${show(type)}; no such method is defined`);
}

/** Describes a value: a short text and a number as they are, anything else by its kind. */
function show(value: unknown): string {
  return typeof value === 'string' ? peerText(value, 60) : describe(value);
}
