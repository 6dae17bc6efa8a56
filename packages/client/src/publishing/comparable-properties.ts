/**
 * Brings the encoded properties of a message into the form in which what was sent equals what RabbitMQ returns of it:
 * RabbitMQ takes a BCC header out, and since 4.0 it sorts the headers by name. The form is for comparing alone: must not be
 * sent.
 */

const contentTypeFlag = 0x80;
const contentEncodingFlag = 0x40;
const headersFlag = 0x20;
/** Octets of the values whose tag fixes how many. */
const fixedSizes: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  D: 5,
  l: 8,
  L: 8,
  d: 8,
  T: 8,
  V: 0,
};
const lengthTags = 'SAFx';

/** One header, tag and value included. */
interface Header {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** @returns the same bytes if nothing has to change, or if they cannot be read. */
export function comparableProperties(properties: Uint8Array): Uint8Array {
  const [flags = 0] = properties;
  if ((flags & headersFlag) === 0) return properties;
  let start = 2;
  if ((flags & contentTypeFlag) !== 0) start += 1 + (properties[start] ?? 0);
  if ((flags & contentEncodingFlag) !== 0) start += 1 + (properties[start] ?? 0);
  if (start + 4 > properties.length) return properties;
  const end = start + 4 + uint32At(properties, start);
  const headers = headersIn(properties, start + 4, end);
  if (headers === undefined) return properties;
  const kept = headers.filter(({ name }) => name !== 'BCC');
  if (kept.length === headers.length && isSorted(headers)) return properties;
  kept.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  const bytes = concatenated(kept.map((header) => header.bytes));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatenated([properties.subarray(0, start), length, bytes, properties.subarray(end)]);
}

/** @returns undefined if they do not end where they should, or hold a tag that is not known. */
function headersIn(properties: Uint8Array, start: number, end: number): Header[] | undefined {
  const headers: Header[] = [];
  let position = start;
  while (position < end) {
    const nameEnd = position + 1 + (properties[position] ?? 0);
    const size = valueSize(properties, nameEnd);
    if (size === undefined || nameEnd + size > end) return undefined;
    // One character an octet: compares as the bytes do.
    const name = String.fromCharCode(...properties.subarray(position + 1, nameEnd));
    headers.push({ name, bytes: properties.subarray(position, nameEnd + size) });
    position = nameEnd + size;
  }
  return end <= properties.length ? headers : undefined;
}

/** Octets of a value with its tag. */
function valueSize(properties: Uint8Array, at: number): number | undefined {
  const tag = String.fromCharCode(properties[at] ?? 0);
  if (lengthTags.includes(tag)) return 5 + uint32At(properties, at + 1);
  const size = fixedSizes[tag];
  return size === undefined ? undefined : 1 + size;
}

function isSorted(headers: readonly Header[]): boolean {
  return headers.every(({ name }, index) => index === 0 || (headers[index - 1]?.name ?? '') <= name);
}

function uint32At(bytes: Uint8Array, at: number): number {
  return [0, 1, 2, 3].reduce((value, offset) => value * 256 + (bytes[at + offset] ?? 0), 0);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
