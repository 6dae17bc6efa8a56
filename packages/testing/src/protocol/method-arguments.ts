/**
 * The field table of a declare, a bind or a consume with its type tags, which a decoded method has no more. Must not judge
 * them.
 */
import { ByteReader, MethodId, readTaggedTable } from '@puka/wire';
import { Arguments } from '../model/arguments.ts';

/** Where a method may have a table: what stands before it. Each letter is a field: `w` two octets, `s` a short string, `b` one octet of bits. */
const layouts: ReadonlyMap<number, string> = new Map([
  [MethodId.exchangeDeclare, 'wssb'],
  [MethodId.exchangeBind, 'wsssb'],
  [MethodId.exchangeUnbind, 'wsssb'],
  [MethodId.queueDeclare, 'wsb'],
  [MethodId.queueBind, 'wsssb'],
  [MethodId.queueUnbind, 'wsss'],
  [MethodId.basicConsume, 'wssb'],
]);

/**
 * Reads the arguments of a method.
 *
 * @param bytes the payload of the method frame lies in `bytes[start .. end)`; it has been decoded without an error before.
 * @returns none for a method that has no arguments.
 */
export function methodArguments(methodId: number, bytes: Uint8Array, start: number, end: number): Arguments {
  const layout = layouts.get(methodId);
  if (layout === undefined) return Arguments.none;
  const reader = new ByteReader(bytes, start + 4, end);
  for (const field of layout) {
    if (field === 'w') reader.skip(2);
    else if (field === 's') reader.skip(reader.readUint8());
    else reader.skip(1);
  }
  return Arguments.of(readTaggedTable(reader));
}
