import { describe, expect, it } from 'vitest';
import { bunErrorCode, isAccepted } from '../../src/bun/failure.ts';

function coded(code: string, message = ''): Error {
  return Object.assign(new Error(message), { code });
}

describe('bunErrorCode', () => {
  it('takes the name out of what BoringSSL says', () => {
    const error = coded('EPROTO', 'error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER');
    expect(bunErrorCode(error)).toBe('ERR_SSL_WRONG_VERSION_NUMBER');
  });

  it('keeps the code of every other error', () => {
    expect(bunErrorCode(coded('ECONNRESET'))).toBe('ECONNRESET');
    expect(bunErrorCode(new Error('?'))).toBe(undefined);
  });
});

describe('isAccepted', () => {
  it('accepts a peer that is trusted', () => {
    expect(isAccepted(true, true, null)).toBe(true);
    expect(isAccepted(false, true, null)).toBe(true);
  });

  it('accepts no other where trust is needed', () => {
    expect(isAccepted(true, false, coded('CERT_HAS_EXPIRED'))).toBe(false);
    expect(isAccepted(true, false, null)).toBe(false);
  });

  it('accepts a lack of trust alone where none is needed', () => {
    expect(isAccepted(false, false, coded('CERT_HAS_EXPIRED'))).toBe(true);
    expect(isAccepted(false, false, coded('EPROTO', 'SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER'))).toBe(false);
    expect(isAccepted(false, false, coded('ECONNRESET'))).toBe(false);
    expect(isAccepted(false, false, new Error('?'))).toBe(false);
    expect(isAccepted(false, false, null)).toBe(false);
  });
});
