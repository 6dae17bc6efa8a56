import { AccessRefused, ConnectionBroken, ConsumerCancelled, NotFound, PreconditionFailed } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ResubscribePace } from '../../src/consuming/resubscribe-pace.ts';

const cancelled = new ConsumerCancelled('cancelled');
const missing = new NotFound('no queue');

describe('the pause before subscribing again', () => {
  it('doubles from 300 ms to 30 s, for as long as it takes', () => {
    const pace = new ResubscribePace();
    let nowMs = 0;
    const pauses = Array.from({ length: 100 }, () => {
      const pauseMs = pace.pauseMs(nowMs, cancelled) ?? 0;
      nowMs += pauseMs;
      pace.subscribed(nowMs);
      return pauseMs;
    });
    expect(pauses.slice(0, 9)).toEqual([300, 600, 1200, 2400, 4800, 9600, 19_200, 30_000, 30_000]);
    expect(pauses[99]).toBe(30_000);
  });

  it('begins anew after a subscription that has lasted', () => {
    const pace = new ResubscribePace();
    pace.pauseMs(0, cancelled);
    pace.subscribed(300);
    expect(pace.pauseMs(10_299, cancelled)).toBe(600);
    pace.subscribed(11_000);
    expect(pace.pauseMs(21_000, cancelled)).toBe(300);
  });

  it('ends when the queue has been missing for five minutes, with a last attempt at that time', () => {
    const pace = new ResubscribePace();
    let nowMs = 0;
    let attempts = 0;
    for (let pauseMs = pace.pauseMs(0, missing); pauseMs !== undefined; pauseMs = pace.pauseMs(nowMs, missing)) {
      nowMs += pauseMs;
      attempts++;
    }
    expect(nowMs).toBe(300_000);
    expect(attempts).toBeLessThan(20);
  });

  it('counts the absence from its beginning: a queue that was there in between is missed anew', () => {
    const pace = new ResubscribePace();
    pace.pauseMs(0, missing);
    pace.subscribed(200_000);
    expect(pace.pauseMs(400_000, missing)).toBeGreaterThan(0);
  });

  it('is none where the broker refuses for good, or the connection is lost', () => {
    expect(new ResubscribePace().pauseMs(0, new AccessRefused('no right'))).toBeUndefined();
    expect(new ResubscribePace().pauseMs(0, new ConnectionBroken('reset'))).toBeUndefined();
  });

  it.each([
    ['a channel that something else closed', new ConnectionBroken('closed', { scope: 'channel' })],
    ['an exclusive consumer of the lost connection', new AccessRefused('no', { replyText: "'q' in exclusive use" })],
    ['a queue without a leader', new PreconditionFailed('no', { replyText: 'queue has no leader' })],
  ])('comes before the next attempt after %s', (_, error) => {
    expect(new ResubscribePace().pauseMs(0, error)).toBe(300);
  });
});
