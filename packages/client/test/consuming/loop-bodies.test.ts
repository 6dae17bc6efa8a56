import { expect, it } from 'vitest';
import { LoopBodies } from '../../src/consuming/loop-bodies.ts';
import type { Message } from '../../src/consuming/message.ts';

/** Nothing else of a message is looked at. */
const message = (isSettled = false): Message => ({ isSettled }) as Message;

it('counts each body until its loop comes back or its message is settled; without acks, until the loop comes back', () => {
  const bodies = new LoopBodies();
  const [open, done] = [message(), message(true)];
  for (const each of [open, done]) bodies.begin(each, false);
  expect([bodies.busyCount(false), bodies.busyCount(true)]).toEqual([1, 2]);
  bodies.end(open);
  expect([bodies.busyCount(false), bodies.busyCount(true)]).toEqual([0, 1]);
});

it('excuses the body that runs now, of several loops the one that began last, and none after its first await', async () => {
  const bodies = new LoopBodies();
  bodies.begin(message(), false);
  bodies.begin(message(), false);
  bodies.excuseCaller();
  expect(bodies.busyCount(false)).toBe(1);
  await Promise.resolve();
  bodies.excuseCaller();
  expect(bodies.busyCount(false)).toBe(1);
});
