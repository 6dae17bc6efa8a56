/** JSON as people write it, whose numbers are what was written. Must not know messages. */
import { UsageError } from '@puka/client';

const quote = 0x22;
const backslash = 0x5c;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Reads JSON. A number that is no text becomes a float of 64 bits: 12345678901234567890 would silently be another one.
 *
 * @throws {SyntaxError} for what is no JSON. {UsageError} for an integer beyond 2^53 − 1, and a number beyond all floats.
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  checkNumbers(text);
  return value;
}

/** @param json valid. */
export function checkNumbers(json: string): void {
  for (let at = 0; at < json.length; at++) {
    if (json.charCodeAt(at) === quote) {
      at = endOfText(json, at);
      continue;
    }
    number.lastIndex = at;
    const [words] = number.exec(json) ?? [];
    if (words === undefined) continue;
    at += words.length - 1;
    const isExact = /^-?\d+$/.test(words) ? Number.isSafeInteger(Number(words)) : Number.isFinite(Number(words));
    if (!isExact) throw new UsageError(`the number ${words.slice(0, 60)} cannot be read exactly; give it as a text`);
  }
}

/** @param start of its quote. @returns where its last quote is. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
}
