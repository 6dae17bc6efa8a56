/**
 * Makes a text of the peer fit for an error message. Must not decide which texts go into a message.
 */

/** The most characters of a peer's text that an error message shows. */
export const maxPeerTextLength = 500;

/**
 * Escape sequences of a terminal, by their first characters: a command with a text in it (`ESC ] 0 ; title BEL`), taken
 * out whole if its end is near; one with parameters (`ESC [ 2 J`); any other (`ESC c`).
 */
const escapeSequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]{0,200}(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g;
/** Control characters, line and paragraph separators, the marks that turn the direction of a text, and halves of a pair. */
const controlCharacters = / ?[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]+ ?/gu;

/**
 * Prepares a text of the peer for an error message: cuts it, and takes out what could act on a terminal or break a line
 * of a log. Use it for every text that the other end of a connection chose: reply texts, names, lists of mechanisms.
 *
 * Escape sequences of terminals are removed. Each run of control characters, line breaks, marks of text direction and
 * lone surrogates, with a space beside it, becomes one space. A text that is cut ends in `…`.
 *
 * @param text The text as it came. It may be of any length: no more than a few times `maxLength` of it is looked at.
 * @param maxLength The most UTF-16 code units of the result, the `…` counted; 500 by default, at least 1.
 *
 * @example
 * ```ts
 * import { peerText } from '@puka/errors';
 *
 * console.log(peerText('shutdown\u001b[2J\r\nby an operator')); // shutdown by an operator
 * ```
 */
export function peerText(text: string, maxLength: number = maxPeerTextLength): string {
  const looked = text.length > maxLength * 4 ? text.slice(0, maxLength * 4) : text;
  const clean = looked.replace(escapeSequences, '').replace(controlCharacters, ' ').trim();
  if (clean.length <= maxLength && looked.length === text.length) return clean;
  const cut = clean.slice(0, Math.max(0, maxLength - 1));
  const last = cut.charCodeAt(cut.length - 1);
  return `${last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut}…`;
}
