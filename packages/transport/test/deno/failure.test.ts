import { describe, expect, it } from 'vitest';
import { denoErrorCode, isUnannouncedEnd } from '../../src/deno/failure.ts';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

describe('denoErrorCode', () => {
  it.each([
    ['InvalidData', 'invalid peer certificate: UnknownIssuer', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    ['InvalidData', 'invalid peer certificate: certificate expired: verification time 1', 'CERT_HAS_EXPIRED'],
    [
      'InvalidData',
      'invalid peer certificate: certificate not valid for name "b.test"',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['InvalidData', 'received corrupt message of type InvalidContentType', 'ERR_SSL_WRONG_VERSION_NUMBER'],
    ['InvalidData', 'received fatal alert: CertificateRequired', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
    ['Error', 'failed to lookup address information: Name or service not known', 'ENOTFOUND'],
    ['Error', 'failed to lookup address information: Temporary failure in name resolution', 'EAI_AGAIN'],
    ['ConnectionReset', 'connection reset', 'ECONNRESET'],
    ['BrokenPipe', 'broken pipe', 'EPIPE'],
    ['UnexpectedEof', 'tls handshake eof', 'ECONNRESET'],
  ])('finds for %s: %s the code that Node has', (name, message, code) => {
    expect(denoErrorCode(named(name, message))).toBe(code);
  });

  it('leaves an error alone that has a code, and one that says nothing known', () => {
    expect(denoErrorCode(Object.assign(named('BrokenPipe', ''), { code: 'EPIPE' }))).toBe(undefined);
    expect(denoErrorCode(new Error('?'))).toBe(undefined);
    expect(denoErrorCode('?')).toBe(undefined);
  });
});

it('knows the end of a TLS stream that came without a farewell', () => {
  expect(isUnannouncedEnd(named('UnexpectedEof', 'peer closed connection'))).toBe(true);
  expect(isUnannouncedEnd(named('ConnectionReset', 'peer closed connection'))).toBe(false);
});
