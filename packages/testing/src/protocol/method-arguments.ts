/**
 * The field table of a declare, a bind or a consume with its type tags, which a decoded method has no more. Must not judge
 * them.
 */
import { ByteReader, readTaggedTable } from '@puka/wire';
import { Arguments, isNotFinite } from '../model/arguments.ts';
import { ConnectionDropped } from './decoded-method.ts';
import { methodLayout } from './method-layouts.ts';

/**
 * Reads the arguments of a method.
 *
 * @param bytes the payload of the method frame lies in `bytes[start .. end)`; it has been decoded without an error before.
 * @returns none for a method that has no arguments.
 * @throws {ConnectionDropped} for NaN and infinities, over which RabbitMQ crashes.
 */
export function methodArguments(methodId: number, bytes: Uint8Array, start: number, end: number): Arguments {
  const layout = methodLayout(methodId);
  if (layout === undefined || !layout.endsWith('t')) return Arguments.none;
  const reader = new ByteReader(bytes, start + 4, end);
  for (const field of layout.slice(0, -1)) {
    if (field === 'w') reader.skip(2);
    else if (field === 's') reader.skip(reader.readUint8());
    else reader.skip(1);
  }
  const table = readTaggedTable(reader);
  if (isNotFinite(table)) throw new ConnectionDropped('arguments with NaN or an infinity', { isMistake: true });
  return Arguments.of(table);
}
