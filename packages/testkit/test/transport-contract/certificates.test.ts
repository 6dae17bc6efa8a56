import { X509Certificate } from 'node:crypto';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';

describe('makeCertificates', () => {
  const made = makeCertificates();
  const ca = new X509Certificate(made.ca);
  const server = new X509Certificate(made.server.cert);

  it('makes an authority that may sign', () => {
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
  });

  it('makes a server certificate for localhost and 127.0.0.1, signed by it', () => {
    expect(server.ca).toBe(false);
    expect(server.checkIssued(ca) && server.verify(ca.publicKey)).toBe(true);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  it('makes a certificate whose time is over, valid but for that', () => {
    const expired = new X509Certificate(made.expired.cert);
    expect(Date.parse(expired.validTo)).toBeLessThan(Date.now());
    expect(expired.checkIssued(ca) && expired.verify(ca.publicKey)).toBe(true);
  });

  it('makes another authority, which did not sign it', () => {
    expect(server.verify(new X509Certificate(made.strangerCa).publicKey)).toBe(false);
  });

  it('makes others each time', () => {
    expect(makeCertificates().server.key).not.toBe(made.server.key);
  });
});
