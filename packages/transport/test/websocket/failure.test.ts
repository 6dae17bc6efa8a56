import { ConnectionBroken } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { closeFailure, openFailure } from '../../src/websocket/failure.ts';

const address = { host: '::1', port: 15_670, url: 'ws://[::1]:15670/' };

describe('openFailure', () => {
  it('names what to check if the runtime reports nothing', () => {
    const error = openFailure(address, { code: 1006, reason: '' }, undefined);
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(error.outcome).toBe('not-sent');
    expect(error.message).toBe(
      'could not connect to [::1]:15670: the WebSocket ws://[::1]:15670/ could not be opened; is a relay running there, ' +
        'does it allow the origin of this page, and does it speak puka-relay.v1? For a server without that subprotocol, give ' +
        'flowControl: false',
    );
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('adds the error of a runtime that has one', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const error = openFailure(address, { code: 1006, reason: '' }, cause);
    expect(error.cause).toBe(cause);
    expect(error.message).toMatch(/: connect ECONNREFUSED \(ECONNREFUSED\)$/);
  });

  it('repeats the reason that a relay sends', () => {
    const error = openFailure(address, { code: 4001, reason: 'ECONNREFUSED' }, undefined);
    expect(error.message).toBe(
      'could not connect to [::1]:15670: the relay cannot reach the broker (close code 4001: ECONNREFUSED)',
    );
  });
});

describe('closeFailure', () => {
  it.each([
    [1001, '', 'the relay is shutting down (close code 1001)'],
    [1006, '', 'the connection was lost (close code 1006)'],
    [4002, 'ECONNRESET', 'the relay lost its connection to the broker (close code 4002: ECONNRESET)'],
    [4999, 'x', 'the peer closed the WebSocket (close code 4999: x)'],
  ])('gives %i a meaning', (code, reason, text) => {
    const error = closeFailure(address, { code, reason }, undefined);
    expect(error).toMatchObject({ outcome: 'unknown', message: `connection to [::1]:15670 broke: ${text}` });
    expect(error.cause).toBeInstanceOf(Error);
  });
});
