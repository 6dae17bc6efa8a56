/**
 * UTF-8 in and out, with loops for short and ASCII text where calling the runtime's coder costs more than the work.
 *
 * Must not: use any part of a runtime but `TextEncoder` and `TextDecoder`. Every runtime has them. They are declared here,
 * because the package is compiled without the types of a runtime.
 */

import { UsageError } from '@puka/errors';

declare const TextEncoder: new () => {
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
};
declare const TextDecoder: new (
  label: string,
  options: { ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text of up to this many bytes is written by a loop. */
const loopWriteUpToBytes = 64;
/** Text of up to this many bytes is read by a loop. */
const loopReadUpToBytes = 32;

/**
 * Counts the bytes a string takes in UTF-8.
 *
 * @returns −1 when the string has a lone surrogate, for which there is no UTF-8.
 */
export function utf8Length(text: string): number {
  const { length } = text;
  let size = length;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    size++;
    if (code < 0x800) continue;
    size++;
    if ((code & 0xf800) !== 0xd800) continue;
    // A pair is two units for four bytes: counted as 3 + 1 here, the second unit having been counted by `length`.
    const next = code < 0xdc00 ? text.charCodeAt(index + 1) : 0;
    if ((next & 0xfc00) !== 0xdc00) return -1;
    index++;
  }
  return size;
}

/**
 * Writes a string without lone surrogates as UTF-8.
 *
 * @param size what `utf8Length` returned for it; the target has room for that many bytes at `position`.
 */
export function writeUtf8(text: string, size: number, target: Uint8Array, position: number): void {
  if (size > loopWriteUpToBytes) {
    encoder.encodeInto(text, target.subarray(position, position + size));
    return;
  }
  let at = position;
  for (let index = 0; index < text.length; index++) {
    let code = text.charCodeAt(index);
    if (code < 0x80) {
      target[at++] = code;
      continue;
    }
    if (code < 0x800) {
      target[at++] = 0xc0 | (code >>> 6);
    } else {
      if ((code & 0xf800) === 0xd800) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (text.charCodeAt(++index) & 0x3ff);
        target[at++] = 0xf0 | (code >>> 18);
        target[at++] = 0x80 | ((code >>> 12) & 0x3f);
      } else {
        target[at++] = 0xe0 | (code >>> 12);
      }
      target[at++] = 0x80 | ((code >>> 6) & 0x3f);
    }
    target[at++] = 0x80 | (code & 0x3f);
  }
}

/**
 * Encodes a string as UTF-8.
 *
 * @returns bytes of the caller's own.
 * @throws {UsageError} when the string has a lone surrogate.
 */
export function encodeUtf8(text: string): Uint8Array {
  const size = utf8Length(text);
  if (size < 0) throw new UsageError('string has a lone surrogate, which UTF-8 cannot express');
  const bytes = new Uint8Array(size);
  writeUtf8(text, size, bytes, 0);
  return bytes;
}

/** Decodes UTF-8; what is not UTF-8 becomes U+FFFD. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  if (end - start <= loopReadUpToBytes) {
    const text = decodeAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Decodes UTF-8. @returns `undefined` when the bytes are not well-formed UTF-8. */
export function decodeUtf8Strictly(bytes: Uint8Array, start = 0, end: number = bytes.length): string | undefined {
  if (end - start <= loopReadUpToBytes) {
    const text = decodeAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  const text = decoder.decode(bytes.subarray(start, end));
  // Invalid octets become U+FFFD, so only text that contains one needs the slower check.
  return text.includes('\ufffd') && !isUtf8(bytes, start, end) ? undefined : text;
}

/** Eight octets a call, then four, then one: fewer calls and fewer intermediate strings. `undefined` for what is not ASCII. */
function decodeAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    const d = bytes[at + 3] ?? 0;
    const e = bytes[at + 4] ?? 0;
    const f = bytes[at + 5] ?? 0;
    const g = bytes[at + 6] ?? 0;
    const h = bytes[at + 7] ?? 0;
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  if (at + 4 <= end) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    const d = bytes[at + 3] ?? 0;
    if ((a | b | c | d) > 0x7f) return undefined;
    text += String.fromCharCode(a, b, c, d);
    at += 4;
  }
  for (; at < end; at++) {
    const code = bytes[at] ?? 0;
    if (code > 0x7f) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

/** Whether bytes are well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF). */
export function isUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  let at = start;
  while (at < end) {
    const next = utf8SequenceEnd(bytes, at, end);
    if (next === at) return false;
    at = next;
  }
  return true;
}

/** Finds the end of the well-formed sequence that starts at `at`. @returns `at` when there is none. */
export function utf8SequenceEnd(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return at + 1;
  let more: number;
  // The first continuation octet has a narrower range after E0, ED, F0 and F4: Unicode 15, table 3-7.
  let low = 0x80;
  let high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) more = 1;
  else if (lead >= 0xe0 && lead <= 0xef) {
    more = 2;
    if (lead === 0xe0) low = 0xa0;
    else if (lead === 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    more = 3;
    if (lead === 0xf0) low = 0x90;
    else if (lead === 0xf4) high = 0x8f;
  } else return at;
  const next = at + 1 + more;
  if (next > end) return at;
  for (let index = at + 1; index < next; index++) {
    const octet = bytes[index] ?? 0;
    if (octet < low || octet > high) return at;
    low = 0x80;
    high = 0xbf;
  }
  return next;
}
