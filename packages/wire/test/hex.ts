/** Bytes as the vectors write them: hex digits, spaces, and after a `#` what the field is. */

/** Reads the octets of a vector. */
export function fromHex(text: string): Uint8Array {
  const digits = text
    .split('\n')
    .map((line) => line.replace(/#.*/, ''))
    .join('')
    .replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new Error(`no hex: ${digits}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Shows octets as hex, for comparisons whose failure can be read. */
export function toHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return Array.from(bytes.subarray(start, end), (octet) => octet.toString(16).padStart(2, '0')).join('');
}

/** Joins byte arrays. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Puts a payload into a frame. */
export function frameOf(type: number, channel: number, payload: Uint8Array): Uint8Array {
  const size = payload.length;
  return concat(
    Uint8Array.of(type, channel >> 8, channel, size >>> 24, size >>> 16, size >>> 8, size),
    payload,
    Uint8Array.of(0xce),
  );
}
