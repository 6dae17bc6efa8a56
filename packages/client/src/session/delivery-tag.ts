/** Finds the delivery tag in a method that has not been decoded. AMQP 0-9-1 §1.8.3. Must not decode the rest. */
import type { ReceivedContent } from './sinks.ts';

/** @returns the delivery tag of a `basic.deliver` or `basic.get-ok`. */
export function readDeliveryTag(content: ReceivedContent): number {
  const { methodBytes, methodStart } = content;
  // Behind the method's id; `basic.deliver` has the consumer tag, a short string, first.
  const at = content.kind === 'deliver' ? methodStart + 5 + (methodBytes[methodStart + 4] ?? 0) : methodStart + 4;
  return readUint32(methodBytes, at) * 0x1_0000_0000 + readUint32(methodBytes, at + 4);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x100_0000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  );
}
