import { ConnectionBroken, LimitExceeded, NotFound, type PukaError } from '@puka/errors';
import type { Method, MethodInput } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { RequestLanes, type RequestLanesHost } from '../../src/recovery/request-lanes.ts';

type Handler = (reply: Method | undefined, error: PukaError | undefined) => void;
type Task = (channel: FakeChannel | undefined, error: PukaError | undefined) => void;

class FakeChannel {
  isUsable = true;
  readonly pending: { readonly method: MethodInput; readonly handler: Handler }[] = [];

  request(method: MethodInput, handler: Handler): boolean {
    this.pending.push({ method, handler });
    return this.isUsable;
  }

  /** Answers the first. */
  answer(): void {
    this.pending
      .shift()
      ?.handler({ type: 'queue.declare-ok', queue: 'q', messageCount: 0, consumerCount: 0 }, undefined);
  }

  /** Refuses the first, and drops the others with the channel. */
  refuse(): void {
    this.isUsable = false;
    const [first, ...others] = this.pending.splice(0);
    first?.handler(undefined, new NotFound('no such thing', { scope: 'channel' }));
    for (const { handler } of others) {
      handler(undefined, new ConnectionBroken('dropped', { scope: 'channel', outcome: 'not-sent' }));
    }
  }
}

/** A pool with so many channels. */
function scene(most: number) {
  const channels: FakeChannel[] = [];
  const tasks: Task[] = [];
  let lent = 0;
  let lostBy: PukaError | undefined;
  const serve = (): void => {
    while (lent < most && tasks.length > 0 && lostBy === undefined) {
      lent++;
      const channel = new FakeChannel();
      channels.push(channel);
      tasks.shift()?.(channel, undefined);
    }
  };
  const pool = {
    acquire(task: Task): boolean {
      if (lostBy !== undefined) task(undefined, lostBy);
      else tasks.push(task);
      serve();
      return true;
    },
    release(): void {
      lent--;
      serve();
    },
  };
  const host = { pool, wake: () => {} };
  const lanes = new RequestLanes(host as unknown as RequestLanesHost); // No more of a pool is used.
  const ends: string[] = [];
  return {
    channels,
    ends,
    lent: () => lent,
    send: (count: number) => {
      for (let index = 0; index < count; index++) {
        lanes.send({ type: 'queue.declare', queue: `${index}` }, (_reply, error) => ends.push(error?.code ?? 'ok'));
      }
    },
    lose: () => {
      lostBy = new ConnectionBroken('lost');
      for (const channel of channels) {
        channel.isUsable = false;
        for (const { handler } of channel.pending.splice(0)) handler(undefined, lostBy);
      }
      for (const task of tasks.splice(0)) task(undefined, lostBy);
    },
  };
}

const inFlight = (channels: readonly FakeChannel[]): number[] => channels.map(({ pending }) => pending.length);

describe('requests', () => {
  it('go out one on each channel first, then up to eight on each', () => {
    const { channels, send } = scene(3);
    send(3);
    expect(inFlight(channels)).toEqual([1, 1, 1]);
    send(6);
    expect(inFlight(channels)).toEqual([3, 3, 3]);
    send(100);
    expect(inFlight(channels)).toEqual([8, 8, 8]);
  });

  it('follow as answers come, and the channels go back when all is answered', () => {
    const { channels, ends, lent, send } = scene(2);
    send(50);
    for (let round = 0; round < 50; round++) for (const channel of channels) channel.answer();
    expect(ends).toEqual(Array.from({ length: 50 }, () => 'ok'));
    expect(lent()).toBe(0);
  });

  it('that were dropped after a refusal are sent again over another channel', () => {
    const { channels, ends, lent, send } = scene(2);
    send(20);
    channels[0]?.refuse();
    expect(ends).toEqual(['NOT_FOUND']);
    expect(channels).toHaveLength(3);
    for (let round = 0; round < 20; round++) for (const channel of channels) channel.answer();
    expect(ends.filter((end) => end === 'ok')).toHaveLength(19);
    expect(lent()).toBe(0);
  });

  it('all end with the connection, sent or not', () => {
    const { ends, lose, send } = scene(2);
    send(50);
    lose();
    expect(ends).toEqual(Array.from({ length: 50 }, () => 'CONNECTION_BROKEN'));
    send(1);
    expect(ends).toHaveLength(51);
  });
});

describe('a request that fits no frame of this connection', () => {
  it('fails alone, and those after it are sent', () => {
    const { send, channels, ends } = scene(1);
    const request = FakeChannel.prototype.request;
    FakeChannel.prototype.request = function (method, handler) {
      if (method.type === 'queue.declare' && method.queue === '1') throw new LimitExceeded('too large');
      return request.call(this, method, handler);
    };
    try {
      send(3);
    } finally {
      FakeChannel.prototype.request = request;
    }
    for (const channel of channels) while (channel.pending.length > 0) channel.answer();
    expect([...ends].sort()).toEqual(['LIMIT_EXCEEDED', 'ok', 'ok']);
  });
});
