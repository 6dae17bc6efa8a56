/** Reads hand-written JSON and refuses numbers that would change their value. Must not know messages. */
import { UsageError } from '@puka/client';

const quote = 0x22;
const backslash = 0x5c;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Parses JSON. JSON numbers become 64-bit floats, so 12345678901234567890 would silently become a different number.
 *
 * @throws {SyntaxError} for invalid JSON. {UsageError} for an integer beyond 2^53 − 1, and for a number too large for a float.
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  checkNumbers(text);
  return value;
}

/** @param json must be valid JSON. */
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
    if (!isExact) throw new UsageError(`the number ${words.slice(0, 60)} cannot be read exactly; give it as a string`);
  }
}

/** @param start the index of the opening quote. @returns the index of the closing quote. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
}
