import { describe, expect, it } from 'vitest';
import { PublishMarks } from '../../src/publishing/publish-marks.ts';
import type { PublishOperation } from '../../src/publishing/publish-operation.ts';
import { SentPublishes } from '../../src/publishing/sent-publishes.ts';
import type { SessionChannel } from '../../src/session/index.ts';

/** Marks on a channel that records what is sent. */
function scene() {
  const written: string[] = [];
  const replies: ((reply: object | undefined) => void)[] = [];
  const channel = {
    publish: ({ routingKey }: { routingKey: string }) => written.push(routingKey),
    request: ({ type }: { type: string }, onReply: (reply: object | undefined) => void) => {
      written.push(type);
      replies.push(onReply);
    },
  } as unknown as SessionChannel; // Only what marks use of a channel.
  const sent = new SentPublishes();
  const marks = new PublishMarks();
  let returned = 0;
  return {
    ...{ written, replies, sent, marks },
    add: () => sent.add({} as PublishOperation),
    send: () => marks.send(channel, sent, () => returned++),
    returned: () => returned,
  };
}

describe('marks', () => {
  it('are footers, which use a tag, and come back as messages in order', () => {
    const { written, sent, marks, add, send } = scene();
    expect(marks.isFooter('', 'amq.puka.footer')).toBe(false);
    add();
    expect(marks.coverAll(sent)).toBe(false);
    send();
    expect([sent.nextTag, marks.coverAll(sent)]).toEqual([3, true]);
    add();
    send();
    expect(written).toEqual(['amq.puka.footer', 'amq.puka.footer']);
    expect([
      marks.isFooter('', 'amq.puka.footer'),
      marks.isFooter('x', 'amq.puka.footer'),
      marks.isFooter('', 'q'),
    ]).toEqual([true, false, false]);
    expect([marks.firstTag, marks.takeFirst(), marks.takeFirst(), marks.areOpen]).toEqual([1, 1, 3, false]);
  });

  it('are fences if footers are refused; fences use no tag, and come back unless their channel is lost', () => {
    const { written, replies, sent, marks, add, send, returned } = scene();
    marks.mayUseFooters = false;
    add();
    send();
    expect([written, sent.nextTag, marks.coverAll(sent)]).toEqual([['basic.qos'], 2, true]);
    replies[0]?.(undefined);
    expect(returned()).toBe(0);
    replies[0]?.({});
    expect(returned()).toBe(1);
  });

  it('are forgotten with their channel, and cover nothing of the next', () => {
    const { sent, marks, add, send } = scene();
    add();
    send();
    marks.clear();
    sent.takeAll();
    sent.restart();
    marks.restart();
    expect([marks.areOpen, marks.firstTag, marks.coverAll(sent)]).toEqual([false, 0, true]);
    add();
    expect(marks.coverAll(sent)).toBe(false);
  });
});
