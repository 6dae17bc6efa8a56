import { createPrivateKey } from 'node:crypto';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';
import { checkPem, isBytes, isEncrypted, isOneSequence, pemTexts } from '../src/pem.ts';

const { ca, client } = makeCertificates();
const damagedCa = 'tls.ca is damaged: a CERTIFICATE block cannot be read';
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('pemTexts', () => {
  it('takes text, bytes and lists of both', () => {
    expect(pemTexts(ca)).toEqual([ca]);
    expect(pemTexts(encode(ca))).toEqual([ca]);
    expect(pemTexts([ca, encode(ca)])).toEqual([ca, ca]);
  });
});

describe('checkPem', () => {
  it.each<[string, 'ca' | 'cert' | 'key', unknown]>([
    ['a text', 'ca', ca],
    ['bytes', 'cert', encode(client.cert)],
    ['a list of both', 'ca', [ca, encode(ca)]],
    ['several blocks with comments', 'ca', `# first\n${ca}# second\n${ca}`],
    ['lines that end as on Windows', 'ca', ca.replaceAll('\n', '\r\n')],
    ['certificate and key in one text', 'key', client.cert + client.key],
    ['an encrypted key', 'key', client.encryptedKey],
    ['a key of the older form', 'key', createPrivateKey(client.key).export({ type: 'sec1', format: 'pem' })],
    [
      'an encrypted key of the older form, with headers',
      'key',
      createPrivateKey(client.key).export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
    ],
  ])('takes %s', (_, name, value) => {
    expect(() => checkPem(name, value)).not.toThrow();
  });

  it.each<[string, 'ca' | 'cert' | 'key', unknown, string]>([
    ['an absolute path', 'ca', '/etc/ssl/ca.pem', 'tls.ca looks like a path; give the contents of the file'],
    ['a relative path', 'key', 'client.key', 'tls.key looks like a path; give the contents of the file'],
    ['a path of Windows', 'cert', 'C:\\tls\\cert', 'tls.cert looks like a path; give the contents of the file'],
    ['a file URL', 'ca', 'file:///ca', 'tls.ca looks like a path; give the contents of the file'],
    ['DER', 'ca', Uint8Array.of(0x30, 0x03, 1, 2, 3), 'tls.ca is DER, not PEM; convert it (openssl x509 -inform der)'],
    ['DER of a key', 'key', Uint8Array.of(0x30), 'tls.key is DER, not PEM; convert it (openssl pkey -inform der)'],
    ['a list for the key', 'key', [client.key], 'tls.key must be a PEM text or its bytes'],
    ['null', 'ca', null, 'tls.ca must be a PEM text, its bytes, or a list of them'],
    ['a block that is not base64', 'ca', block('!!!!'), damagedCa],
    ['an empty block', 'ca', block(''), damagedCa],
    ['a block that holds more than one value', 'ca', block('MAAwAA=='), damagedCa],
  ])('refuses %s', (_, name, value, message) => {
    expect(() => checkPem(name, value)).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });

  it.each(['', 'none', 'secret words', '-----BEGIN CERTIFICATE-----'])('refuses %j without its text', (text) => {
    expect(() => checkPem('key', text)).toThrow(
      /^tls\.key is not PEM: it has no block from -----BEGIN PRIVATE KEY-----/,
    );
    expect(() => checkPem('key', text)).not.toThrow('secret');
  });
});

it('knows an encrypted key by its text', () => {
  expect([client.key, client.encryptedKey, encode(client.encryptedKey)].map(isEncrypted)).toEqual([false, true, true]);
});

it('knows bytes, and nothing else, whatever their realm', () => {
  expect([new Uint8Array(1), Buffer.from('x'), [1], 'x', new Uint16Array(1), null].map(isBytes)).toEqual([
    ...[true, true, false, false, false, false],
  ]);
});

it.each<[string, readonly number[], number, boolean]>([
  ['a short one', [0x30, 3], 5, true],
  ['a short one with more after it', [0x30, 3], 6, false],
  ['a length of two bytes', [0x30, 0x82, 1, 0], 260, true],
  ['a length of no bytes', [0x30, 0x80, 0, 0], 4, false],
  ['another tag', [0x31, 3], 5, false],
  ['nothing', [], 0, false],
])('knows whether DER is one sequence: %s', (_, head, byteCount, expected) => {
  expect(isOneSequence(Uint8Array.from(head), byteCount)).toBe(expected);
});

function block(content: string): string {
  return `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----\n`;
}
