import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';
import { secureContextOptions, tlsConnectOptions } from '../../src/node/tls-options.ts';

describe('tlsConnectOptions', () => {
  it('verifies, and asks for TLS 1.2 at least, by default', () => {
    expect(tlsConnectOptions({}, 'broker')).toMatchObject({ rejectUnauthorized: true });
    expect(secureContextOptions({})).toEqual({ minVersion: 'TLSv1.2' });
  });

  it('sends the host as SNI unless it is an IP address', () => {
    expect(tlsConnectOptions({}, 'broker').servername).toBe('broker');
    expect(tlsConnectOptions({}, '127.0.0.1')).not.toHaveProperty('servername');
    expect(tlsConnectOptions({}, '::1')).not.toHaveProperty('servername');
  });

  it('prefers serverName to the host', () => {
    expect(tlsConnectOptions({ serverName: 'name' }, '127.0.0.1').servername).toBe('name');
    expect(tlsConnectOptions({ serverName: '127.0.0.1' }, 'broker')).not.toHaveProperty('servername');
  });

  it('leaves out what is not given, so that the defaults of the runtime hold', () => {
    const { checkServerIdentity, ...others } = tlsConnectOptions({}, 'broker');
    expect(Object.keys(others).sort()).toEqual(['rejectUnauthorized', 'secureContext', 'servername']);
  });

  it('takes PEM texts as bytes too, without a copy', () => {
    const bytes = new TextEncoder().encode('..PEM').subarray(2);
    const { ca, key } = secureContextOptions({ ca: ['text', bytes], key: bytes });
    expect(ca).toEqual(['text', Buffer.from('PEM')]);
    expect(key instanceof Buffer && key.buffer === bytes.buffer).toBe(true);
  });

  it('shows neither key nor passphrase when the socket that keeps the options is inspected', () => {
    const { key, cert } = makeCertificates().client;
    const encrypted = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    const options = tlsConnectOptions({ key: String(encrypted), cert, passphrase }, 'broker');
    const shown = inspect(options, { depth: 20, showHidden: true });
    expect(shown).not.toContain(passphrase);
    expect(shown).not.toContain('PRIVATE KEY');
  });
});

const passphrase = 'topsecret';
