/**
 * Text that keeps octets which are not valid UTF-8. AMQP's short strings (names, routing keys, properties) are bytes by the
 * standard and may hold anything; here they are strings.
 *
 * An octet that belongs to no UTF-8 sequence becomes one of the code units U+DC80 to U+DCFF: U+DC00 plus the octet.
 * Such a lone surrogate is not a character and never results from valid UTF-8, so different bytes yield different
 * strings, and encoding returns the same bytes. Python calls this `surrogateescape` (PEP 383).
 *
 * Must not: be used for bodies or for the values of tables, which have bytes of their own.
 */

import { UsageError } from '@puka/errors';
import { decodeUtf8Strictly, utf8Length, utf8SequenceEnd, writeUtf8 } from './utf8.ts';

/** Code units from here to U+DCFF represent the octets 0x80 to 0xFF. */
const escapeBase = 0xdc00;
/** How many code units are converted to a string at once. */
const blockUnits = 4096;

/**
 * Decodes a short string or another text of the protocol without loss: UTF-8, and each octet that is none as one of the
 * lone surrogates U+DC80 to U+DCFF. `encodeText` returns the same bytes.
 *
 * @param bytes are read and not kept.
 */
export function decodeText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return decodeUtf8Strictly(bytes, start, end) ?? decodeWithEscapes(bytes, start, end);
}

/**
 * Encodes a text as `decodeText` returned it: UTF-8, and the octets that the lone surrogates U+DC80 to U+DCFF represent.
 *
 * @returns bytes of the caller's own.
 * @throws {UsageError} when the string has any other lone surrogate.
 */
export function encodeText(text: string): Uint8Array {
  const size = textLength(text);
  if (size < 0) throw new UsageError('string has a lone surrogate, which UTF-8 cannot express');
  const bytes = new Uint8Array(size);
  writeText(text, size, bytes, 0);
  return bytes;
}

/** Returns whether a text contains octets that are not valid UTF-8. */
export function hasRawOctets(text: string): boolean {
  return rawOctet.test(text);
}

const rawOctet = /[\udc80-\udcff]/u;

/**
 * Counts the bytes that `encodeText` makes of a string.
 *
 * @returns −1 when the string has a lone surrogate that represents no octet.
 */
export function textLength(text: string): number {
  const size = utf8Length(text);
  if (size >= 0) return size;
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (isEscape(code)) length++;
    else if (code >= 0xd800 && code <= 0xdfff) return -1;
    else length += utf8Length(character);
  }
  return length;
}

/** Writes a string as `encodeText` does. @param size what `textLength` returned for it. */
export function writeText(text: string, size: number, target: Uint8Array, position: number): void {
  if (!hasRawOctets(text)) {
    writeUtf8(text, size, target, position);
    return;
  }
  let at = position;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (isEscape(code)) {
      target[at++] = code - escapeBase;
      continue;
    }
    const length = utf8Length(character);
    writeUtf8(character, length, target, at);
    at += length;
  }
}

function isEscape(code: number): boolean {
  return code >= escapeBase + 0x80 && code <= escapeBase + 0xff;
}

/**
 * Decodes each whole UTF-8 sequence, and escapes each other octet. It works in blocks of code units, because one string for each
 * octet would take fifty times the memory of the octets.
 */
function decodeWithEscapes(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let units: number[] = [];
  let at = start;
  while (at < end) {
    const next = utf8SequenceEnd(bytes, at, end);
    if (next === at) units.push(escapeBase + (bytes[at++] ?? 0));
    else {
      const code = codePointAt(bytes, at, next);
      if (code > 0xffff) units.push(0xd800 + ((code - 0x1_0000) >>> 10), 0xdc00 + (code & 0x3ff));
      else units.push(code);
      at = next;
    }
    if (units.length < blockUnits) continue;
    text += String.fromCharCode(...units);
    units = [];
  }
  return text + String.fromCharCode(...units);
}

/** Reads one well-formed sequence of UTF-8. */
function codePointAt(bytes: Uint8Array, at: number, next: number): number {
  const lead = bytes[at] ?? 0;
  // In a sequence of n octets, the lead octet holds 7 - n bits of the code point.
  let code = next - at === 1 ? lead : lead & (0x7f >>> (next - at));
  for (let index = at + 1; index < next; index++) code = (code << 6) | ((bytes[index] ?? 0) & 0x3f);
  return code;
}
