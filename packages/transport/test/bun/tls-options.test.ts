import { describe, expect, it } from 'vitest';
import { bunTlsOptions } from '../../src/bun/tls-options.ts';

const pem = '-----BEGIN X-----\nAAAA\n-----END X-----';

describe('bunTlsOptions', () => {
  it('verifies by the host when nothing is said', () => {
    expect(bunTlsOptions({}, 'a.test')).toEqual({ serverName: 'a.test', rejectUnauthorized: true, minVersion: 0x0303 });
  });

  it('passes everything on', () => {
    const tls = {
      ca: pem,
      cert: pem,
      key: pem,
      passphrase: 'x',
      serverName: 'b.test',
      rejectUnauthorized: false,
    } as const;
    expect(bunTlsOptions({ ...tls, minVersion: 'TLSv1.3' }, 'a.test')).toEqual({
      ...tls,
      ca: [pem],
      cert: [pem],
      key: [pem],
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
