/**
 * Checks a method that announces a message, and finds its delivery tag, without decoding it. AMQP 0-9-1 §1.8.3.
 * Must not read the texts in it: they may never be needed.
 */
import { ByteReader, checkBasicDeliver, checkBasicGetOk, checkBasicReturn } from '@puka/wire';
import type { ContentKind, ReceivedContent } from './sinks.ts';

/** Octets of class id and method id. */
const idBytes = 4;
/**
 * Adds up the fields, so that they can be decoded later without an error.
 *
 * @throws {AmqpSyntaxError} when they end before or after the end of the method.
 */
export function checkContentMethod(kind: ContentKind, bytes: Uint8Array, start: number, end: number): void {
  if (kind === 'deliver') checkBasicDeliver(bytes, start, end);
  else if (kind === 'get-ok') checkBasicGetOk(bytes, start, end);
  else checkBasicReturn(bytes, start, end);
}

/** @returns the delivery tag of a `basic.deliver` or `basic.get-ok` that was checked. */
export function readDeliveryTag({ kind, methodBytes, methodStart }: ReceivedContent): number {
  const fields = methodStart + idBytes;
  // `basic.deliver` has the consumer tag first, a short string.
  const at = kind === 'deliver' ? fields + 1 + (methodBytes[fields] ?? 0) : fields;
  return readUint32(methodBytes, at) * 0x1_0000_0000 + readUint32(methodBytes, at + 4);
}

/** @returns the consumer tag of a `basic.deliver` that was checked. */
export function readConsumerTag({ methodBytes, methodStart, methodEnd }: ReceivedContent): string {
  return new ByteReader(methodBytes, methodStart + idBytes, methodEnd).readShortString();
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x100_0000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  );
}
