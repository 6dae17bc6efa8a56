/**
 * Finds the offset that RabbitMQ writes into the headers of each delivery of a stream, without decoding the other headers.
 * Must not throw: malformed headers throw when the user reads them.
 */

const offsetName = Array.from('x-stream-offset', (letter) => letter.charCodeAt(0));

/** The first three properties, of which the headers are the third. AMQP 0-9-1 §4.2.6.1. */
const contentTypeFlag = 0x80;
const contentEncodingFlag = 0x40;
const headersFlag = 0x20;

const int64Tag = 0x6c;

/** Octets of a value by its tag. The others have their length in front. */
const sizes: ReadonlyMap<number, number> = new Map(
  Object.entries({ t: 1, b: 1, B: 1, s: 2, u: 2, U: 2, I: 4, i: 4, l: 8, L: 8, f: 4, d: 8, D: 5, T: 8, V: 0 }).map(
    ([tag, size]) => [tag.charCodeAt(0), size],
  ),
);

/**
 * @param bytes hold the properties of a message.
 * @param start index of their flags.
 * @param end index after the last of them.
 * @returns the offset; `undefined` if there is none of RabbitMQ's type for it, `int64`.
 */
export function streamOffsetOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  const flags = bytes[start] ?? 0;
  if ((flags & headersFlag) === 0) return undefined;
  let at = start + 2;
  if ((flags & contentTypeFlag) !== 0) at += 1 + (bytes[at] ?? 0);
  if ((flags & contentEncodingFlag) !== 0) at += 1 + (bytes[at] ?? 0);
  const tableEnd = Math.min(at + 4 + uint32At(bytes, at), end);
  at += 4;
  while (at < tableEnd) {
    const tagAt = at + 1 + (bytes[at] ?? 0);
    const valueAt = tagAt + 1;
    const tag = bytes[tagAt] ?? 0;
    if (isOffsetName(bytes, at))
      return tag === int64Tag && valueAt + 8 <= tableEnd ? offsetAt(bytes, valueAt) : undefined;
    at = valueAt + (sizes.get(tag) ?? 4 + uint32At(bytes, valueAt));
  }
  return undefined;
}

/** @param at index of the length of the name. */
function isOffsetName(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== offsetName.length) return false;
  for (let index = 0; index < offsetName.length; index++) if (bytes[at + 1 + index] !== offsetName[index]) return false;
  return true;
}

/** @returns `undefined` for a negative number, and for one that no stream reaches: a publisher wrote it. */
function offsetAt(bytes: Uint8Array, at: number): number | undefined {
  const offset = uint32At(bytes, at) * 2 ** 32 + uint32At(bytes, at + 4);
  return Number.isSafeInteger(offset) ? offset : undefined;
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}
