import { UnsupportedProtocol } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { FirstBytesCheck } from '../../src/session/first-bytes.ts';

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

describe('the first bytes', () => {
  it('pass when a frame starts with them', () => {
    const frame = Uint8Array.of(1, 0, 0);
    expect(new FirstBytesCheck().receive(frame)).toBe(frame);
  });

  it.each([
    ['a broker of another version', 'AMQP\x03\x01\x00\x00', /header of AMQP/],
    ['a web server', 'HTTP/1.1 400 Bad Request', /speaks HTTP/],
    ['an SSH server', 'SSH-2.0-OpenSSH_9', /speaks SSH/],
    ['a TLS server', '\x15\x03\x01\x00\x02\x02\x46\x00', /speaks TLS only/],
    ['anybody else', '220 mail.example.org ESMTP', /not an AMQP broker/],
  ])('name %s', (_who, text, words) => {
    const check = new FirstBytesCheck();
    expect(() => check.receive(bytes(text))).toThrow(UnsupportedProtocol);
    expect(() => new FirstBytesCheck().receive(bytes(text))).toThrow(words);
  });

  it('are held back until they are enough, in any chunking', () => {
    const check = new FirstBytesCheck();
    for (const octet of bytes('HTTP/1.')) expect(check.receive(Uint8Array.of(octet))).toBeUndefined();
    expect(() => check.receive(bytes('1'))).toThrow(/speaks HTTP/);
  });

  it('name a peer that sent a few of them and closed the connection', () => {
    const check = new FirstBytesCheck();
    expect(check.receive(new Uint8Array(0))).toBeUndefined();
    expect(check.end()).toBeUndefined();
    check.receive(bytes('HTTP'));
    expect(check.end()).toMatchObject({ code: 'UNSUPPORTED_PROTOCOL' });
  });

  it('put no control character of the peer into the message', () => {
    const check = new FirstBytesCheck();
    expect(() => check.receive(bytes('\x1b[2J\r\nxxxxxxxx'))).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/\p{Cc}/u) }),
    );
  });
});
