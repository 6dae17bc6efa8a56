import { ConnectionBroken, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { cloudflareErrorCode, openFailure } from '../../src/cloudflare/failure.ts';

const refused = new Error('proxy request failed, cannot connect to the specified address');

describe('cloudflareErrorCode', () => {
  it('knows a lost connection', () => {
    expect(cloudflareErrorCode(new Error('Network connection lost.'))).toBe('ECONNRESET');
  });

  it('knows nothing of other errors', () => {
    expect(cloudflareErrorCode(new Error('internal error'))).toBe(undefined);
    expect(cloudflareErrorCode('Network connection lost.')).toBe(undefined);
  });
});

describe('openFailure', () => {
  it('names everything that may be wrong if Cloudflare reports no reason', () => {
    const error = openFailure('a.test', 5672, false, refused);
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(error).toMatchObject({ outcome: 'not-sent', cause: refused });
    expect(error.message).toBe(
      'could not connect to a.test:5672: Cloudflare reports no reason; is the name right, does the server listen on this port, ' +
        'can it be reached from the internet? (proxy request failed, cannot connect to the specified address)',
    );
  });

  it('names the certificate where there is one', () => {
    expect(openFailure('a.test', 5671, true, refused).message).toContain('is its certificate for this name');
  });

  it('passes on what is none of these', () => {
    const error = openFailure('::1', 5672, false, new Error('internal error'));
    expect(error.message).toBe('could not connect to [::1]:5672: internal error');
  });

  it('takes a call outside a handler as a mistake of the caller', () => {
    const cause = new Error('Disallowed operation called within global scope. Asynchronous I/O …');
    const error = openFailure('a.test', 5672, false, cause);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('outside a request: connect inside a handler');
  });
});
