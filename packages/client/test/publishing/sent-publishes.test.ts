import { describe, expect, it } from 'vitest';
import type { PublishOperation } from '../../src/publishing/publish-operation.ts';
import { SentPublishes } from '../../src/publishing/sent-publishes.ts';

const named = (name: string): PublishOperation => ({ name }) as unknown as PublishOperation; // Only its identity counts.
const [a, b, c] = ['a', 'b', 'c'].map(named) as [PublishOperation, PublishOperation, PublishOperation];

describe('sent publishes', () => {
  it('have tags from 1 on, in the order in which they were sent, footers counted', () => {
    const sent = new SentPublishes();
    expect(sent.nextTag).toBe(1);
    sent.add(a);
    sent.addFooter();
    sent.add(b);
    expect([sent.nextTag, sent.count]).toEqual([4, 2]);
    expect([3, 2, 1].map((tag) => sent.take(tag))).toEqual([b, undefined, a]);
    expect(sent.count).toBe(0);
  });

  it('are taken once, and not by an unknown tag', () => {
    const sent = new SentPublishes();
    sent.add(a);
    expect([0, 2, -1, Number.NaN, 2 ** 53].map((tag) => sent.take(tag))).toEqual(Array(5).fill(undefined));
    expect([sent.take(1), sent.take(1), sent.count]).toEqual([a, undefined, 0]);
  });

  it('keep their tags when the front is cut, however many there were', () => {
    const sent = new SentPublishes();
    const others = Array.from({ length: 1000 }, (_, index) => named(`${index}`));
    for (const other of others) sent.add(other);
    for (let tag = 1; tag <= 900; tag++) {
      expect(sent.take(tag)).toBe(others[tag - 1]);
      sent.cut();
      expect([sent.firstTag, sent.first]).toEqual([tag + 1, others[tag]]);
    }
    sent.add(a);
    expect([sent.take(1001), sent.take(900), sent.nextTag, sent.count]).toEqual([a, undefined, 1002, 100]);
  });

  it('are all taken when their channel is closed, and the next channel counts from 1', () => {
    const sent = new SentPublishes();
    for (const each of [a, b, c]) sent.add(each);
    sent.take(2);
    expect([sent.some((each) => each === b), sent.some((each) => each === c)]).toEqual([false, true]);
    expect([sent.takeAll(), sent.count, sent.some(() => true)]).toEqual([[a, c], 0, false]);
    sent.restart();
    sent.add(b);
    expect([sent.nextTag, sent.take(1)]).toEqual([2, b]);
  });
});
