import { makeCertificates } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';
import { checkTls } from '../src/check-tls.ts';

const { ca, client } = makeCertificates();
const { cert, key, encryptedKey, passphrase } = client;

const allOptions = 'the options of tls are ca, cert, key, passphrase, serverName, rejectUnauthorized, alpn, minVersion';

describe('checkTls', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['all of it', { ca, cert, key: encryptedKey, passphrase, serverName: 'a.test', rejectUnauthorized: true }],
    ['the rest', { alpn: ['amqp', 'x'.repeat(255)], minVersion: 'TLSv1.3' }],
    ['no protocol', { alpn: [] }],
    ['a passphrase that is not needed', { cert, key, passphrase }],
    ['what is undefined, known or not', { ca: undefined, pfx: undefined }],
  ])('takes %s', (_, tls) => {
    expect(() => checkTls(tls)).not.toThrow();
  });

  // The contract suite has the mistakes that are the same on every runtime by what the runtime itself says.
  it.each<[string, unknown, string]>([
    ['true', true, 'tls must be an object of options; tls: {} is a good default'],
    ['null', null, 'tls must be an object of options; tls: {} is a good default'],
    ['a name of other libraries', { cafile: ca }, 'tls.cafile is not an option; did you mean tls.ca?'],
    ['a name of an object', { constructor: 1 }, `tls.constructor is not an option; ${allOptions}`],
    ['an unknown name', { colour: 'red' }, `tls.colour is not an option; ${allOptions}`],
    ['a number for text', { passphrase: 5 }, 'tls.passphrase must be a string, not number'],
    ['text for a boolean', { rejectUnauthorized: 'no' }, 'tls.rejectUnauthorized must be a boolean, not string'],
    ['null for a name', { serverName: null }, 'tls.serverName must be a string, not null'],
    ['one protocol', { alpn: 'amqp' }, 'tls.alpn must be a list of names, not string'],
    ['a long protocol', { alpn: ['\u00e9'.repeat(128)] }, 'tls.alpn: each name is a string of 1 to 255 bytes'],
  ])('refuses %s', (_, tls, message) => {
    expect(() => checkTls(tls as never)).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });
});
