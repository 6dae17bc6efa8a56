import { makeCertificates } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';
import { bunTlsOptions } from '../../src/bun/tls-options.ts';

const { ca, client } = makeCertificates();

describe('bunTlsOptions', () => {
  it('verifies by the host when nothing is said', () => {
    expect(bunTlsOptions({}, 'a.test')).toEqual({ serverName: 'a.test', rejectUnauthorized: true, minVersion: 0x0303 });
  });

  it('passes everything on', () => {
    const tls = {
      ca,
      cert: client.cert,
      key: client.encryptedKey,
      passphrase: client.passphrase,
      serverName: 'b.test',
      rejectUnauthorized: false,
    } as const;
    expect(bunTlsOptions({ ...tls, minVersion: 'TLSv1.3' }, 'a.test')).toEqual({
      ...tls,
      ca: [ca],
      cert: [client.cert],
      key: [client.encryptedKey],
      minVersion: 0x0304,
    });
  });

  it('writes the protocols as the extension has them', () => {
    expect(bunTlsOptions({ alpn: ['ab', 'c'] }, 'a.test').ALPNProtocols).toEqual(Uint8Array.of(2, 0x61, 0x62, 1, 0x63));
  });

  it.each(['', 'x'.repeat(256)])('refuses a protocol name that does not fit', (name) => {
    expect(() => bunTlsOptions({ alpn: [name] }, 'a.test')).toThrow('1 to 255');
  });
});
