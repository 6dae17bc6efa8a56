import { ConnectionBroken } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { breakFailure, connectFailure, formatAddress, handshakeFailure } from '../src/failure.ts';

describe('connectFailure', () => {
  it('is a ConnectionBroken with the outcome not-sent and the system error as cause', () => {
    const cause = systemError('ECONNREFUSED');
    const error = connectFailure('broker', 5000, cause);
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(error.outcome).toBe('not-sent');
    expect(error.cause).toBe(cause);
  });

  const expected: readonly (readonly [string, string])[] = [
    [
      'ECONNREFUSED',
      'could not connect to broker:5000: connection refused; is the server running, and does it listen on this address and port? (ECONNREFUSED)',
    ],
    [
      'ENOTFOUND',
      'could not connect to broker:5000: the host name cannot be resolved; is it spelled right? (ENOTFOUND)',
    ],
    [
      'ETIMEDOUT',
      'could not connect to broker:5000: no answer in time; a firewall may be dropping the packets (ETIMEDOUT)',
    ],
    [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'could not connect to broker:5000: the answer is not TLS; does the server speak TLS on this port? (ERR_SSL_WRONG_VERSION_NUMBER)',
    ],
  ];
  for (const [code, message] of expected) {
    it(`explains ${code}`, () => {
      expect(connectFailure('broker', 5000, systemError(code)).message).toBe(message);
    });
  }

  it('speaks for the first address when each one tried has failed', () => {
    const cause = new AggregateError([systemError('ECONNREFUSED'), systemError('ENETUNREACH')]);
    expect(connectFailure('broker', 5000, cause).message).toContain('(ECONNREFUSED)');
  });

  it("uses the system's text for a code it does not know", () => {
    expect(connectFailure('broker', 5000, systemError('ESTRANGE', 'strange things')).message).toBe(
      'could not connect to broker:5000: strange things (ESTRANGE)',
    );
  });

  it('uses the code alone when there is no text', () => {
    expect(connectFailure('broker', 5000, systemError('ESTRANGE')).message).toBe(
      'could not connect to broker:5000: ESTRANGE',
    );
  });

  it('takes errors without a code, and things that are no errors', () => {
    expect(connectFailure('broker', 5000, new Error('odd')).message).toBe('could not connect to broker:5000: odd');
    expect(connectFailure('broker', 5000, new Error('')).message).toBe(
      'could not connect to broker:5000: no reason given',
    );
    expect(connectFailure('broker', 5000, 'odd').message).toBe('could not connect to broker:5000: odd');
    expect(connectFailure('broker', 5000, undefined).message).toBe('could not connect to broker:5000: no reason given');
  });
});

describe('handshakeFailure', () => {
  it('asks whether the server speaks TLS when it closed the connection', () => {
    const error = handshakeFailure('broker', 5000, systemError('ECONNRESET'));
    expect(error.message).toBe(
      'TLS handshake with broker:5000 failed: the peer closed the connection; does the server speak TLS on this port? (ECONNRESET)',
    );
    expect(error.outcome).toBe('not-sent');
  });

  it('reports what to do about a certificate signed by itself', () => {
    const error = handshakeFailure('broker', 5000, systemError('DEPTH_ZERO_SELF_SIGNED_CERT'));
    expect(error.message).toBe(
      "TLS handshake with broker:5000 failed: the server's certificate is signed by itself; give it as ca to trust it (DEPTH_ZERO_SELF_SIGNED_CERT)",
    );
  });
});

describe('breakFailure', () => {
  it('has the outcome unknown and reports which connection broke', () => {
    const error = breakFailure('broker', 5000, systemError('EPIPE'));
    expect(error.message).toBe(
      'connection to broker:5000 broke: the peer had closed the connection when we wrote to it (EPIPE)',
    );
    expect(error.outcome).toBe('unknown');
  });
});

describe('formatAddress', () => {
  it('puts brackets around an IPv6 address', () => {
    expect(formatAddress('::1', 5000)).toBe('[::1]:5000');
    expect(formatAddress('broker', 5000)).toBe('broker:5000');
  });
});

function systemError(code: string, message = ''): Error {
  return Object.assign(new Error(message), { code });
}
