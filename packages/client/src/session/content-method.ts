/**
 * Checks a method that announces a message, and finds its delivery tag, without decoding it. AMQP 0-9-1 §1.8.3.
 * Must not read the texts in it: nobody may ever ask for them.
 */
import { AmqpSyntaxError } from '@puka/errors';
import type { ContentKind, ReceivedContent } from './sinks.ts';

/** Octets of class id and method id. */
const idBytes = 4;
/** Octets of the delivery tag and of the flag `redelivered` behind it. */
const tagAndFlagBytes = 9;

/**
 * Adds up the fields, so that they can be decoded later without an error.
 *
 * @throws {AmqpSyntaxError} when they end before or behind the end of the method.
 */
export function checkContentMethod(kind: ContentKind, bytes: Uint8Array, start: number, end: number): void {
  let at = start + idBytes;
  if (kind === 'deliver') at = behindShortString(bytes, at) + tagAndFlagBytes;
  else if (kind === 'get-ok') at += tagAndFlagBytes;
  // The reply code and the reply text.
  else at = behindShortString(bytes, at + 2);
  // The exchange and the routing key.
  at = behindShortString(bytes, behindShortString(bytes, at));
  // The message count.
  if (kind === 'get-ok') at += 4;
  if (at !== end) refuseLength(kind, end - start, at - start);
}

/** @returns the delivery tag of a `basic.deliver` or `basic.get-ok` that was checked. */
export function readDeliveryTag({ kind, methodBytes, methodStart }: ReceivedContent): number {
  const fields = methodStart + idBytes;
  // `basic.deliver` has the consumer tag first.
  const at = kind === 'deliver' ? behindShortString(methodBytes, fields) : fields;
  return readUint32(methodBytes, at) * 0x1_0000_0000 + readUint32(methodBytes, at + 4);
}

function behindShortString(bytes: Uint8Array, at: number): number {
  return at + 1 + (bytes[at] ?? 0);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x100_0000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  );
}

function refuseLength(kind: ContentKind, length: number, needed: number): never {
  throw new AmqpSyntaxError(`basic.${kind} has ${length} octets; its fields take ${needed}`, {
    blame: 'peer',
    method: `basic.${kind}`,
  });
}
