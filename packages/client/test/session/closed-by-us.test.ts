import { ConnectionBroken } from '@puka/errors';
import { expect, it } from 'vitest';
import { closedByUs, cutOff, isClosedByUs } from '../../src/session/closed-by-us.ts';

it('what our own close cut off is the caller’s doing, and is not tried again', () => {
  const cause = closedByUs();
  expect(isClosedByUs(cause)).toBe(true);
  const error = cutOff('before x was answered', cause, { method: 'x', outcome: 'unknown' });
  expect(error).toMatchObject({ blame: 'caller', retryable: false, outcome: 'unknown', method: 'x', cause });
  expect(error.message).toBe('the client was closed before x was answered');
});

it('what a lost connection cut off is the network’s', () => {
  const cause = new ConnectionBroken('reset', { blame: 'caller' });
  expect(isClosedByUs(cause)).toBe(false);
  expect(cutOff('before x', cause, {})).toMatchObject({
    blame: 'network',
    message: 'the connection ended before x',
    cause,
  });
  expect(cutOff('before x', undefined, {})).toMatchObject({ blame: 'network', retryable: true });
});
