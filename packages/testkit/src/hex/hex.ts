// Bytes as people write them down: hex digits with blanks and comments. It must not know what the bytes mean.

/**
 * The bytes of hex digits in a template: blanks and line ends are for the eye, `#` begins a comment that goes to the
 * end of its line. A value put in is a byte (a number from 0 to 255), bytes, or a string, which is written as its UTF-8
 * bytes. Throws a SyntaxError that names the place of what is no pair of digits.
 *
 * @example
 * ```ts
 * const frame = hex`
 *   08        # heartbeat frame
 *   0000      # channel 0
 *   00000000  # size
 *   ce
 * `;
 * ```
 */
export function hex(text: TemplateStringsArray, ...values: readonly (number | string | Uint8Array)[]): Uint8Array {
  const bytes: number[] = [];
  let comment = false;
  text.raw.forEach((part, index) => {
    comment = readDigits(part, bytes, comment);
    const value = values[index];
    if (value !== undefined && !comment) bytes.push(...valueBytes(value));
  });
  return Uint8Array.from(bytes);
}

/** The bytes of a string written as for {@link hex}. */
export function fromHex(text: string): Uint8Array {
  const bytes: number[] = [];
  readDigits(text, bytes, false);
  return Uint8Array.from(bytes);
}

/** Two lower-case digits a byte, with a blank between bytes, or `separator`. */
export function toHex(bytes: Uint8Array, separator = ' '): string {
  return Array.from(bytes, hexByte).join(separator);
}

/** @param inComment whether the text begins inside a comment. @returns whether it ends in one. */
function readDigits(text: string, bytes: number[], inComment: boolean): boolean {
  let comment = inComment;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\n') comment = false;
    else if (character === '#') comment = true;
    if (comment || character === '#' || /\s/.test(character)) continue;
    const pair = text.slice(index, index + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(pair)) {
      const line = text.slice(0, index).split('\n').length;
      throw new SyntaxError(`hex: ${JSON.stringify(pair)} in line ${line} is not a pair of hex digits`);
    }
    bytes.push(Number.parseInt(pair, 16));
    index += 1;
  }
  return comment;
}

function valueBytes(value: number | string | Uint8Array): Iterable<number> {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (typeof value !== 'number') return value;
  if (!Number.isInteger(value) || value < 0 || value > 255)
    throw new RangeError(`hex: ${value} is not a byte (0 to 255)`);
  return [value];
}

/** Two lower-case digits. */
export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
