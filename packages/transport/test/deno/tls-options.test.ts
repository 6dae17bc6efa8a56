import type { TlsOptions } from '@puka/transport';
import { describe, expect, it } from 'vitest';
import { denoTlsPlan } from '../../src/deno/tls-options.ts';

const pem = '-----BEGIN X-----\nAAAA\n-----END X-----';
const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----';

describe('denoTlsPlan', () => {
  it('verifies by the host when nothing is said', async () => {
    expect(await denoTlsPlan({}, 'a.test')).toEqual({ options: { hostname: 'a.test' }, identity: undefined });
  });

  it('passes on the name, the authorities and the protocols', async () => {
    expect((await denoTlsPlan({ serverName: 'b.test', ca: [pem], alpn: ['x'] }, 'a.test')).options).toEqual({
      hostname: 'b.test',
      caCerts: [pem],
      alpnProtocols: ['x'],
    });
  });

  it('joins a certificate and its chain', async () => {
    expect((await denoTlsPlan({ cert: [pem, pem], key: pem }, 'a.test')).identity).toEqual({
      cert: `${pem}\n${pem}`,
      key: pem,
    });
  });

  it.each<[string, TlsOptions, string]>([
    ['rejectUnauthorized: false', { rejectUnauthorized: false }, 'cannot do rejectUnauthorized: false'],
    ['TLS 1.3 alone', { minVersion: 'TLSv1.3' }, 'cannot do minVersion'],
    ['an encrypted key of another kind', { cert: pem, key: encrypted, passphrase: 'secret' }, 'decrypt this one first'],
    ['an encrypted key alone', { cert: pem, key: encrypted }, 'there is no tls.passphrase'],
    ['another name beside a certificate', { cert: pem, key: pem, serverName: 'b.test' }, 'cannot do serverName'],
    ['a certificate without its key', { cert: pem }, 'belong together'],
    ['a key without its certificate', { key: pem }, 'belong together'],
  ])('refuses %s, and says why', async (_, tls, words) => {
    const error: unknown = await denoTlsPlan(tls, 'a.test').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UsageError' });
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain('secret');
  });

  it('takes what changes nothing', async () => {
    const tls: TlsOptions = {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      cert: pem,
      key: pem,
      serverName: 'a.test',
    };
    expect((await denoTlsPlan(tls, 'a.test')).identity).toEqual({ cert: pem, key: pem });
  });
});
