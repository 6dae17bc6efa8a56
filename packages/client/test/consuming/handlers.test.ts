import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { type HandlerOwner, Handlers } from '../../src/consuming/handlers.ts';
import type { Message } from '../../src/consuming/message.ts';

function scene(noAck = false) {
  let moves = 0;
  const owner: HandlerOwner = { consumerTag: 'c', noAck, idleWatcher: () => moves++ };
  const handlers = new Handlers(owner);
  const reported: unknown[] = [];
  const report = (error: unknown): void => void reported.push(error);
  return { owner, handlers, reported, report, moves: () => moves };
}

function message(isSettled = false): Message {
  return { deliveryTag: 7, queue: 'q', routingKey: 'k', isSettled, giveBackBody() {} } as unknown as Message; // No more of it is used.
}

describe('a callback', () => {
  it('gets the error or the message, and the consumer', () => {
    const { owner, handlers, report } = scene();
    const seen: unknown[][] = [];
    const given = message();
    const error = new Error('end');
    handlers.run((...values: unknown[]) => void seen.push(values), undefined, undefined, given, report);
    handlers.run((...values: unknown[]) => void seen.push(values), undefined, error, undefined, report);
    expect(seen).toEqual([
      [undefined, given, owner],
      [error, undefined, owner],
    ]);
  });

  it('is at work until its promise has settled, or its message where all are', async () => {
    const { handlers, report, moves } = scene();
    let finish = (): void => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    handlers.run(() => work, undefined, undefined, message(true), report);
    expect([handlers.busyCount(false), handlers.busyCount(true)]).toEqual([1, 0]);
    finish();
    await work;
    expect([handlers.busyCount(false), moves()]).toEqual([0, 1]);
  });

  it('that fails is reported with its message, thrown or rejected', async () => {
    const { handlers, reported, report } = scene();
    const cause = new Error('no');
    const fail = (): never => {
      throw cause;
    };
    handlers.run(fail, undefined, undefined, message(), report);
    handlers.run(() => Promise.reject(cause), undefined, undefined, message(true), report);
    handlers.run(fail, undefined, new Error('end'), undefined, report);
    await Promise.resolve();
    const texts = reported.map((error) =>
      error instanceof UsageError && error.cause === cause ? error.message : error,
    );
    const ofMessage = "the callback of consumer 'c' failed at message 7 of queue 'q', routing key 'k'";
    expect(texts).toEqual([
      `${ofMessage}; the message is still unsettled: catch the error, and call ack() or reject()`,
      "the callback of consumer 'c' failed when it was called at the end of the consumer",
      ofMessage,
    ]);
  });

  it('that calls shutdown() before its first await is not counted, and one that runs inside it is not the caller', () => {
    const { handlers, report } = scene();
    const never = new Promise<void>(() => {});
    handlers.run(
      () => {
        handlers.run(() => never, undefined, undefined, message(), report);
        handlers.excuseCaller();
        return never;
      },
      undefined,
      undefined,
      message(),
      report,
    );
    expect(handlers.busyCount(false)).toBe(1);
    handlers.excuseCaller();
    expect(handlers.busyCount(false)).toBe(1);
  });
});

describe('the body of a loop', () => {
  it('is at work until the loop comes back, or its message is settled, unless there are no acks', () => {
    for (const noAck of [false, true]) {
      const { handlers } = scene(noAck);
      const [open, done] = [message(), message(true)];
      handlers.beginBody(open, false);
      handlers.beginBody(done, false);
      expect(handlers.busyCount(false)).toBe(noAck ? 2 : 1);
      handlers.endBody(open);
      handlers.endBody(done);
      expect(handlers.busyCount(false)).toBe(0);
    }
  });

  it('that calls shutdown() before its first await is not counted', async () => {
    for (const isAsking of [false, true]) {
      const { handlers } = scene();
      handlers.beginBody(message(), isAsking);
      // The loop goes on in a later step than the one that delivered the message.
      if (isAsking) await Promise.resolve();
      handlers.excuseCaller();
      expect(handlers.busyCount(false)).toBe(0);
    }
  });

  it('that calls it after an await is counted', async () => {
    const { handlers } = scene();
    handlers.beginBody(message(), false);
    await Promise.resolve();
    handlers.excuseCaller();
    expect(handlers.busyCount(false)).toBe(1);
  });
});
