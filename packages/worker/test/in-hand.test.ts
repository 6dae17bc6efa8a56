import type { Message } from '@puka/client';
import { describe, expect, it } from 'vitest';
import { Delivery } from '../src/delivery.ts';
import { InHand } from '../src/in-hand.ts';

const delivery = (attempt: number): Delivery => new Delivery({} as Message, attempt); // Nobody looks at the message.

function attemptsOf(inHand: InHand): number[] {
  return Array.from(inHand, ({ attempt }) => attempt);
}

describe('the deliveries that a worker holds', () => {
  it.each([
    ['the first', [0], [2, 3, 4]],
    ['the last', [3], [1, 2, 3]],
    ['one in the middle', [1], [1, 3, 4]],
    ['neighbours', [1, 2], [1, 4]],
    ['all, from the end', [3, 2, 1, 0], []],
  ])('keep their order when %s is taken away', (_which, removed, left) => {
    const inHand = new InHand();
    const all = [1, 2, 3, 4].map(delivery);
    for (const each of all) inHand.add(each);
    for (const index of removed) inHand.remove(all[index] ?? expect.unreachable());
    expect(attemptsOf(inHand)).toEqual(left);
    expect(inHand.size).toBe(left.length);
    inHand.add(delivery(5));
    expect(attemptsOf(inHand)).toEqual([...left, 5]);
  });

  it('can be removed while they are looked at, one or all', () => {
    const inHand = new InHand();
    for (const attempt of [1, 2, 3]) inHand.add(delivery(attempt));
    const seen: number[] = [];
    for (const each of inHand) {
      seen.push(each.attempt);
      inHand.remove(each);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(inHand.size).toBe(0);
    expect(attemptsOf(inHand)).toEqual([]);
  });
});
