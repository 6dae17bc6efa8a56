import { createPrivateKey } from 'node:crypto';
import { makeCertificates } from '@puka/testkit/transport-contract';
import type { TlsOptions } from '@puka/transport';
import { describe, expect, it } from 'vitest';
import { denoTlsPlan } from '../../src/deno/tls-options.ts';

const { ca, client } = makeCertificates();
const { cert, key, encryptedKey, passphrase } = client;
const otherKind = createPrivateKey(key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'des-ede3-cbc', passphrase: 'secret' })
  .toString();

describe('denoTlsPlan', () => {
  it('verifies by the host when nothing is said', async () => {
    expect(await denoTlsPlan({}, 'a.test')).toEqual({ options: { hostname: 'a.test' }, identity: undefined });
  });

  it('passes on the name, the authorities and the protocols', async () => {
    expect((await denoTlsPlan({ serverName: 'b.test', ca: [ca], alpn: ['x'] }, 'a.test')).options).toEqual({
      hostname: 'b.test',
      caCerts: [ca],
      alpnProtocols: ['x'],
    });
  });

  it('joins a certificate and its chain', async () => {
    expect((await denoTlsPlan({ cert: [cert, ca], key }, 'a.test')).identity).toEqual({
      cert: `${cert}\n${ca}`,
      key,
    });
  });

  it.each<[string, TlsOptions, string]>([
    ['rejectUnauthorized: false', { rejectUnauthorized: false }, 'cannot do rejectUnauthorized: false'],
    ['TLS 1.3 alone', { minVersion: 'TLSv1.3' }, 'cannot do minVersion'],
    ['an encrypted key of another kind', { cert, key: otherKind, passphrase: 'secret' }, 'decrypt it first'],
    ['a wrong passphrase', { cert, key: encryptedKey, passphrase: 'secret' }, 'does not open'],
    ['another name beside a certificate', { cert, key, serverName: 'b.test' }, 'cannot do serverName'],
  ])('refuses %s, and reports why', async (_, tls, words) => {
    const error: unknown = await denoTlsPlan(tls, 'a.test').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UsageError' });
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain('secret');
  });

  it('opens an encrypted key', async () => {
    const { identity } = await denoTlsPlan({ cert, key: encryptedKey, passphrase }, 'a.test');
    expect(createPrivateKey(identity?.key ?? '').equals(createPrivateKey(key))).toBe(true);
  });

  it('takes what changes nothing', async () => {
    const tls: TlsOptions = {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      cert,
      key,
      serverName: 'a.test',
    };
    expect((await denoTlsPlan(tls, 'a.test')).identity).toEqual({ cert, key });
  });
});
