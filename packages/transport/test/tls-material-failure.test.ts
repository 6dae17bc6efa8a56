import { makeCertificates } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';
import { tlsMaterialFailure } from '../src/tls-material-failure.ts';

const { client } = makeCertificates();
const { cert, key, encryptedKey, passphrase } = client;

const noPair = 'tls.key does not belong to tls.cert';
const wrong = 'tls.passphrase does not open tls.key';

describe('tlsMaterialFailure', () => {
  it.each<[string, object, string, string]>([
    ['a mismatch by OpenSSL', { cert, key }, 'x509 certificate routines::key values mismatch', noPair],
    ['a mismatch by rustls', { cert, key }, 'keys may not be consistent: KeyMismatch', noPair],
    ['a wrong passphrase', { cert, key: encryptedKey, passphrase: 'x' }, 'Provider routines::bad decrypt', wrong],
    ['a wrong passphrase by luck', { cert, key: encryptedKey, passphrase: 'x' }, 'DECODER::unsupported', wrong],
    ['a right passphrase', { cert, key: encryptedKey, passphrase }, 'huh', 'tls.cert or tls.key cannot be read: huh'],
    ['an authority', { ca: cert }, 'Invalid CA', 'tls.ca cannot be read: Invalid CA'],
  ])('reports in words what the runtime found: %s', async (_, tls, reason, message) => {
    expect(await tlsMaterialFailure(tls, new Error(reason))).toMatchObject({ name: 'UsageError', message });
  });
});
