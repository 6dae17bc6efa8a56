import { describe, expect, it } from 'vitest';
import { ChannelPool } from '../../src/connection/channel-pool.ts';
import type { Session, SessionChannel } from '../../src/session/index.ts';
import { Harness } from '../session/harness.ts';

const tuned = (channelMax: number): Harness => new Harness({ channelMax }).open();

function attached(session: Session, isPublishing: () => boolean): ChannelPool {
  const pool = new ChannelPool(isPublishing);
  pool.attach(session);
  return pool;
}

/** Takes so many channels as there are, and shows which. */
function takeAll(pool: ChannelPool, count: number): SessionChannel[] {
  const taken: SessionChannel[] = [];
  for (let index = 0; index < count; index++) {
    pool.acquire((channel) => {
      if (channel !== undefined) taken.push(channel);
    });
  }
  return taken;
}

describe('lending', () => {
  it('lends another channel to each, up to 64, and the rest waits', () => {
    const pool = attached(tuned(2047).session, () => false);
    const taken = takeAll(pool, 100);
    expect(new Set(taken).size).toBe(64);
  });

  it('leaves one number to publishing, whether it is in use or not', () => {
    for (const isPublishing of [false, true]) {
      const { session } = tuned(10);
      if (isPublishing) session.openChannel(new Harness().sink('publishing'), () => {});
      const pool = attached(session, () => isPublishing);
      expect(takeAll(pool, 20)).toHaveLength(9);
    }
  });

  it('serves who waits in their order, with the channel given back', () => {
    const pool = attached(tuned(2).session, () => false);
    const [first] = takeAll(pool, 1);
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      pool.acquire((channel) => {
        order.push(name);
        expect(channel).toBe(first);
        if (channel !== undefined) pool.release(channel);
      });
    }
    expect(order).toEqual([]);
    if (first !== undefined) pool.release(first);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('skips any number of waiters that need no channel any more, without a deep stack', () => {
    const pool = attached(tuned(2).session, () => false);
    const [first] = takeAll(pool, 1);
    let served = 0;
    for (let index = 0; index < 100_000; index++) {
      pool.acquire((channel) => {
        served++;
        if (channel !== undefined) pool.release(channel);
      });
    }
    if (first !== undefined) pool.release(first);
    expect(served).toBe(100_000);
  });

  it('opens a new channel in place of one that the broker has closed', () => {
    const harness = tuned(2);
    const pool = attached(harness.session, () => false);
    const [first] = takeAll(pool, 1);
    const waiting = takeAll(pool, 1);
    harness.say([1, { type: 'channel.open-ok' }]);
    first?.request({ type: 'queue.purge', queue: 'q' }, () => pool.release(first));
    harness.say([1, { type: 'channel.close', replyCode: 404, replyText: 'NOT_FOUND', classId: 50, methodId: 30 }]);
    expect(waiting).toHaveLength(1);
    expect(waiting[0]).not.toBe(first);
  });

  it('forgets an idle channel that the broker has closed', () => {
    const harness = tuned(2);
    const pool = attached(harness.session, () => false);
    const [first] = takeAll(pool, 1);
    if (first !== undefined) pool.release(first);
    harness.say(
      [1, { type: 'channel.open-ok' }],
      [1, { type: 'channel.close', replyCode: 406, replyText: '', classId: 0, methodId: 0 }],
    );
    const [second] = takeAll(pool, 1);
    expect(second?.isUsable).toBe(true);
    expect(second).not.toBe(first);
  });

  it('notifies each waiting task once when the connection is gone', () => {
    const harness = tuned(2);
    const pool = attached(harness.session, () => false);
    takeAll(pool, 1);
    const outcomes: unknown[] = [];
    for (let index = 0; index < 3; index++) pool.acquire((channel) => outcomes.push(channel));
    harness.session.receiveEof(0);
    const [error] = harness.closed;
    if (error !== undefined) pool.detach(error);
    expect(outcomes).toEqual([undefined, undefined, undefined]);
  });
});

describe('keeping', () => {
  it('keeps all numbers but two, for publishing and for operations', () => {
    const pool = attached(tuned(10).session, () => false);
    let kept = 0;
    pool.keep('gets', () => kept++);
    for (let index = 0; index < 20; index++) pool.keep('consumers', () => kept++);
    expect(kept).toBe(8);
    expect(takeAll(pool, 5)).toHaveLength(1);
  });

  it('leaves one to the other use as long as that has none', () => {
    for (const [use, other] of [
      ['gets', 'consumers'],
      ['consumers', 'gets'],
    ] as const) {
      const pool = attached(tuned(10).session, () => false);
      const answers = Array.from({ length: 9 }, () => pool.keep(use, () => {}));
      expect(answers.filter((isKept) => isKept)).toHaveLength(7);
      expect(pool.keep(other, () => {})).toBe(true);
      expect(pool.keep(other, () => {})).toBe(false);
    }
  });

  it('lends again what is returned', () => {
    const pool = attached(tuned(4).session, () => false);
    const kept: SessionChannel[] = [];
    pool.keep('gets', (channel) => {
      if (channel !== undefined) kept.push(channel);
    });
    pool.keep('consumers', () => {});
    expect(pool.keep('gets', () => {})).toBe(false);
    const waiting = takeAll(pool, 2);
    expect(waiting).toHaveLength(1);
    for (const channel of kept) pool.releaseKept('gets', channel);
    expect(waiting).toHaveLength(2);
    expect(pool.keep('gets', () => {})).toBe(true);
  });
});
