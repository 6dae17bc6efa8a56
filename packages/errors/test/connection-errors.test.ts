import { describe, expect, it } from 'vitest';
import { AuthenticationFailed, ConnectionBroken, HandshakeTimeout, UnsupportedProtocol } from '../src/index.ts';

describe('the errors of a connection', () => {
  it('concern the whole of it', () => {
    for (const Class of [ConnectionBroken, UnsupportedProtocol, AuthenticationFailed, HandshakeTimeout]) {
      expect(new Class('it failed').scope).toBe('connection');
    }
  });

  it('are retryable where another try may go better by itself', () => {
    expect(new ConnectionBroken('reset by peer').retryable).toBe(true);
    expect(new HandshakeTimeout('10 s have passed').retryable).toBe(true);
    expect(new UnsupportedProtocol('the server speaks HTTP').retryable).toBe(false);
    expect(new AuthenticationFailed('the broker refused the user').retryable).toBe(false);
  });

  it('leave the outcome open where an operation was under way', () => {
    expect(new ConnectionBroken('reset by peer').outcome).toBe('unknown');
    expect(new ConnectionBroken('refused', { outcome: 'not-sent' }).outcome).toBe('not-sent');
    expect(new HandshakeTimeout('10 s have passed').outcome).toBe('not-sent');
  });
});
