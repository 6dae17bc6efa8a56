import { ConnectionBroken, ConsumerCancelled, LimitExceeded, replyError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { type Refusal, refusalOf, retryDelayMs } from '../../src/topology/refusals.ts';

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

  it('by our own limit costs the entity alone', () => {
    expect(refusalOf(new LimitExceeded('it fits no frame'))).toBe('refused');
  });

  it('by the end of the connection is none', () => {
    expect(refusalOf(new ConnectionBroken('reset'))).toBe('lost');
    expect(refusalOf(replyError(541, 'INTERNAL_ERROR', { scope: 'connection' }))).toBe('lost');
  });

  it('by a cancel before the answer, or by a channel that something else closed, is none: it was dropped', () => {
    expect(refusalOf(new ConsumerCancelled('cancelled'))).toBe('dropped');
    expect(refusalOf(new ConnectionBroken('the channel was closed', { scope: 'channel' }))).toBe('dropped');
  });
});

describe('the delay before the next try', () => {
  function delays(refusal: Refusal, bounds: { minDelay: number; maxDelay: number }, count: number): number[] {
    const found: number[] = [];
    while (found.length < count) found.push(retryDelayMs(refusal, found.at(-1), bounds));
    return found;
  }

  it('doubles from minDelay to maxDelay', () => {
    expect(delays('missing', { minDelay: 100, maxDelay: 1000 }, 6)).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(delays('away', { minDelay: 0, maxDelay: 30_000 }, 3)).toEqual([1, 2, 4]);
    expect(delays('away', { minDelay: 0, maxDelay: 0 }, 2)).toEqual([0, 0]);
  });

  it('of what is locked grows from 250 ms to 5 s, whatever the bounds', () => {
    expect(delays('locked', { minDelay: 1, maxDelay: 1 }, 4)).toEqual([250, 375, 562.5, 843.75]);
    expect(delays('locked', { minDelay: 1, maxDelay: 1 }, 12).at(-1)).toBe(5000);
  });
});
