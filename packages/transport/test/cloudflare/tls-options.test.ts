import { UsageError } from '@puka/errors';
import { makeCertificates } from '@puka/testkit/transport-contract';
import type { TlsOptions } from '@puka/transport';
import { describe, expect, it } from 'vitest';
import { checkCloudflareTls } from '../../src/cloudflare/tls-options.ts';

const { ca, client } = makeCertificates();

describe('checkCloudflareTls', () => {
  it.each<TlsOptions>([
    {},
    { rejectUnauthorized: true, minVersion: 'TLSv1.2', serverName: 'a.test' },
    { ca: undefined, alpn: undefined },
  ])('takes %s', (tls) => {
    checkCloudflareTls(tls, 'a.test');
  });

  it.each<[string, TlsOptions]>([
    ['ca: it trusts the public authorities alone', { ca }],
    ['cert: it sends no client certificate', { cert: client.cert, key: client.key }],
    ['alpn: it offers no protocols', { alpn: ['amqp'] }],
    ['rejectUnauthorized: false: it verifies every server', { rejectUnauthorized: false }],
    ["minVersion: 'TLSv1.3': it chooses the version by itself", { minVersion: 'TLSv1.3' }],
    ['serverName: it verifies the name that it connects to', { serverName: 'b.test' }],
  ])('refuses %s', (text, tls) => {
    const call = (): void => checkCloudflareTls(tls, 'a.test');
    expect(call).toThrow(UsageError);
    expect(call).toThrow(`Cloudflare's TLS cannot do ${text}`);
  });

  it('refuses what no transport takes', () => {
    const tls: object = { cacert: ca };
    expect(() => checkCloudflareTls(tls, 'a.test')).toThrow('tls.cacert is not an option; did you mean tls.ca?');
  });
});
