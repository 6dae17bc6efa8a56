import { expect, it } from 'vitest';
import { ChannelLimit } from '../../../src/model/queues/channel-limit.ts';

function waiter(): { count: number; resume(): void } {
  return {
    count: 0,
    resume() {
      this.count++;
    },
  };
}

it('holds over all who take, and wakes those who waited when there is room', () => {
  const limit = new ChannelLimit();
  const waiting = waiter();
  limit.limit(2, 1);
  const taken = [limit.take(true, waiting), limit.take(true, waiting)];
  limit.release(1);
  expect([taken, waiting.count]).toEqual([[true, false], 1]);
});

it('does not count what needs no ack', () => {
  const limit = new ChannelLimit();
  limit.limit(1, 0);
  expect([limit.take(false, waiter()), limit.take(false, waiter())]).toEqual([true, true]);
});

it('wakes no consumer that has been removed', () => {
  const limit = new ChannelLimit();
  const waiting = waiter();
  limit.limit(1, 1);
  limit.take(true, waiting);
  limit.forget(waiting);
  limit.unlimit();
  expect([waiting.count, limit.isActive]).toEqual([0, false]);
});
