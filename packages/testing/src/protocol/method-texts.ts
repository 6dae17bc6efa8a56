/** Whether the texts of a method are UTF-8, as RabbitMQ wants them. Must not look into tables. */
import { ByteReader } from '@puka/wire';
import { methodLayout } from './method-layouts.ts';

/**
 * Whether all short strings of a method are UTF-8.
 *
 * @param bytes the payload of the method frame lies in `bytes[start .. end)`; it has been decoded without an error before.
 */
export function hasWellFormedTexts(methodId: number, bytes: Uint8Array, start: number, end: number): boolean {
  const layout = methodLayout(methodId);
  if (layout === undefined || isAscii(bytes, start + 4, end)) return true;
  const reader = new ByteReader(bytes, start + 4, end);
  for (const field of layout) {
    if (field === 's') {
      const size = reader.readUint8();
      const at = reader.skip(size);
      if (!isUtf8AsErlangHasIt(bytes, at, at + size)) return false;
    } else if (field === 'w') reader.skip(2);
    else if (field === 'b') reader.skip(1);
    else reader.skip(reader.readUint32());
  }
  return true;
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] ?? 0) > 0x7f) return false;
  return true;
}

/** RabbitMQ: asks `xmerl_ucs:from_utf8`, which accepts surrogates, and any sequence of four octets. */
function isUtf8AsErlangHasIt(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const lead = bytes[at] ?? 0;
    const size =
      lead < 0x80 ? 1 : (lead & 0xe0) === 0xc0 ? 2 : (lead & 0xf0) === 0xe0 ? 3 : (lead & 0xf8) === 0xf0 ? 4 : 0;
    if (size === 0 || at + size > end) return false;
    let code = size === 1 ? lead : lead & (0x7f >>> size);
    for (let more = 1; more < size; more++) {
      const octet = bytes[at + more] ?? 0;
      if ((octet & 0xc0) !== 0x80) return false;
      code = (code << 6) | (octet & 0x3f);
    }
    if (code < (leastCodes[size] ?? 0)) return false;
    at += size;
  }
  return true;
}

/** The least code point of a sequence of so many octets; a lesser one has a shorter sequence. */
const leastCodes = [0, 0, 0x80, 0x800, 0x10000];
