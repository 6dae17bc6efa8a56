import { ConnectionBroken, replyError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/topology/refusals.ts';

describe('a refusal during recovery', () => {
  it.each([
    [404, "NOT_FOUND - no queue 'q' in vhost '/'", 'missing'],
    [404, "NOT_FOUND - home node 'rabbit@a' of durable queue 'q' in vhost '/' is down or inaccessible", 'away'],
    [404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor", 'away'],
    [404, "NOT_FOUND - queue 'q' in vhost '/' has crashed and failed to restart", 'away'],
    [405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'", 'locked'],
    [403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use", 'locked'],
    [403, "ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'u'", 'refused'],
    [406, "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/'", 'different'],
    [406, 'PRECONDITION_FAILED - stream queue has no replica on this node', 'away'],
    [406, "PRECONDITION_FAILED - invalid arg 'x-expires'", 'refused'],
  ])('%i %s is %s', (code, text, meaning) => {
    expect(refusalOf(replyError(code, text, { method: 'queue.declare' }))).toBe(meaning);
  });

  it('by the end of the connection is none', () => {
    expect(refusalOf(new ConnectionBroken('reset'))).toBe('lost');
    expect(refusalOf(replyError(541, 'INTERNAL_ERROR', { scope: 'connection' }))).toBe('lost');
  });
});
