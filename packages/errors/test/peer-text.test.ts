import { describe, expect, it } from 'vitest';
import { maxPeerTextLength, peerText } from '../src/index.ts';

describe('peerText', () => {
  it.each([
    ['plain text', "no queue 'jobs' in vhost '/'", "no queue 'jobs' in vhost '/'"],
    ['text beyond ASCII', 'Schlüssel 鍵 🔑', 'Schlüssel 鍵 🔑'],
    ['a command that clears the screen', 'a\u001b[2Jb', 'ab'],
    ['colours', '\u001b[31;1mred\u001b[0m', 'red'],
    ['a command in one octet', 'a\u009b2Jb', 'ab'],
    ['a command that sets the title of the window', 'a\u001b]0;owned\u0007b', 'ab'],
    ['a link', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['a reset', 'a\u001bcb', 'ab'],
    ['a command without an end', 'a\u001b]0;b', 'a0;b'],
    ['an escape at the end', 'a\u001b', 'a'],
    ['line breaks', 'one\r\ntwo\u2028three\u2029four\u0085five', 'one two three four five'],
    ['a NUL, a bell and a backspace', 'a\u0000\u0007\u0008b\u007fc', 'a b c'],
    ['marks that turn the direction', 'a\u202eb\u2066c', 'a b c'],
    ['halves of a pair', 'a\udce9b\ud83dc', 'a b c'],
    ['nothing but control characters', '\u0000\r\n', ''],
    ['the empty text', '', ''],
  ])('returns of %s what can be written to a log', (_what, text, shown) => {
    expect(peerText(text)).toBe(shown);
  });

  it('leaves no control character of any kind behind', () => {
    const every = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code));

    expect(every.map((character) => peerText(`<${character}>`)).join('')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  });

  it('keeps 500 characters, and reports that it cut a longer text', () => {
    expect(maxPeerTextLength).toBe(500);
    expect(peerText('x'.repeat(500))).toBe('x'.repeat(500));
    expect(peerText('x'.repeat(501))).toBe(`${'x'.repeat(499)}…`);
    expect(peerText('PLAIN '.repeat(4), 10)).toBe('PLAIN PLA…');
  });

  it('reports that it cut where control characters fill what was looked at', () => {
    expect(peerText(`a${'\u0000'.repeat(5000)}b`)).toBe('a…');
  });

  it('cuts no pair in two', () => {
    expect(peerText('🔑'.repeat(6), 6)).toBe('🔑🔑…');
  });

  it('looks at no more of a text than it may show', () => {
    const long = 'x'.repeat(8 << 20);
    let read = 0;
    const counting = {
      length: long.length,
      slice(from: number, to: number): string {
        read = to - from;
        return long.slice(from, to);
      },
    };

    expect(peerText(counting as string)).toHaveLength(500);
    expect(read).toBe(2000);
  });
});
