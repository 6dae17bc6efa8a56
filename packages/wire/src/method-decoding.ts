/**
 * The common parts of the generated decoders: the ids, the reserved fields, the end, and the error messages. Must not know
 * any single method.
 */
import { AmqpSyntaxError, CommandInvalid, LimitExceeded } from '@puka/errors';
import { ByteReader } from './byte-reader.ts';
import { decodeText } from './lossless-text.ts';

/** Class id and method id: AMQP 0-9-1 §4.2.4. */
const methodIdBytes = 4;

/**
 * Reads which method a payload holds, without reading its fields.
 *
 * @param bytes The bytes that contain the payload of a method frame.
 * @param start The index of its first octet.
 * @param end The index after its last octet.
 * @returns The class id in the upper 16 bits, the method id in the lower: a value of `MethodId` if it is known at all.
 * @throws {AmqpSyntaxError} for a payload of fewer than 4 octets.
 */
export function methodIdAt(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  if (end - start < methodIdBytes) {
    throw new AmqpSyntaxError(`method frame has a payload of ${end - start} octets; its ids alone take 4`, {
      blame: 'peer',
    });
  }
  const b0 = bytes[start] ?? 0;
  const b1 = bytes[start + 1] ?? 0;
  const b2 = bytes[start + 2] ?? 0;
  const b3 = bytes[start + 3] ?? 0;
  return ((b0 << 24) | (b1 << 16) | (b2 << 8) | b3) >>> 0;
}

/** The error for an undefined method. */
export function unknownMethod(id: number): CommandInvalid {
  return new CommandInvalid(`method ${id >>> 16},${id & 0xffff} is unknown`, { blame: 'peer', outcome: 'unknown' });
}

/** Makes a reader at the first field, after the ids. */
export function enterMethod(bytes: Uint8Array, start: number, end: number): ByteReader {
  return new ByteReader(bytes, start + methodIdBytes, end);
}

/**
 * Checks that no octet is left.
 *
 * @throws {AmqpSyntaxError} if one is left, or if the payload ended before the first field.
 */
export function endMethod(reader: ByteReader, method: string): void {
  const left = reader.end - reader.position;
  if (left === 0) return;
  const fault = left > 0 ? `has ${left} octets after its last field` : 'has less than the 4 octets of its ids';
  throw new AmqpSyntaxError(`${method} ${fault}`, { blame: 'peer', method });
}

/**
 * Adds the names of the method and the field to an error.
 *
 * @param field The field that was being read.
 * @returns The error to throw: of the same class, with the names of method and field.
 */
export function malformedMethod(error: unknown, method: string, field: string): unknown {
  if (error instanceof LimitExceeded) {
    return new LimitExceeded(`${field} of ${method}: ${error.message}`, { ...traitsOf(error), method });
  }
  if (!(error instanceof AmqpSyntaxError) || error.method !== undefined) return error;
  return new AmqpSyntaxError(`${field} of ${method}: ${error.message}`, { ...traitsOf(error), method });
}

/**
 * Throws what a decoder throws for a payload that a check found malformed: its error names the field.
 *
 * @throws {AmqpSyntaxError} always.
 */
export function refuseMalformed(
  decode: (bytes: Uint8Array, start: number, end: number) => { readonly type: string },
  bytes: Uint8Array,
  start: number,
  end: number,
): never {
  const { type } = decode(bytes, start, end);
  throw new AmqpSyntaxError(`${type} does not end where its frame ends`, { blame: 'peer' });
}

/** Reads a long string that is text. Octets that are not valid UTF-8 are kept, as `decodeText` describes. */
export function readText(reader: ByteReader): string {
  const size = reader.readUint32();
  const start = reader.skip(size);
  return decodeText(reader.bytes, start, start + size);
}

/** Moves past a reserved short string. */
export function skipShortString(reader: ByteReader): void {
  reader.skip(reader.readUint8());
}

/** Moves past a reserved long string. */
export function skipLongString(reader: ByteReader): void {
  reader.skip(reader.readUint32());
}

function traitsOf(error: LimitExceeded | AmqpSyntaxError): Pick<AmqpSyntaxError, 'blame' | 'scope' | 'outcome'> {
  const { blame, scope, outcome } = error;
  return { blame, scope, outcome };
}
