import { ByteWriter, writeContentHeader } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { frames, Harness, handshake, joined } from './harness.ts';

const noReply = (): void => {};
const channelClose = {
  type: 'channel.close',
  replyCode: 404,
  replyText: 'NOT_FOUND',
  classId: 50,
  methodId: 10,
} as const;

/** The content header of a message without a body. */
function emptyBody(channel: number): Uint8Array {
  const writer = new ByteWriter();
  writeContentHeader(writer, channel, 0, {}, 131_072);
  return joined(writer.take());
}

describe('handshake', () => {
  it('pipelines tune-ok and open, and reports what was tuned', () => {
    const harness = new Harness();
    harness.session.receive(handshake, 0);
    expect(harness.sent()).toEqual(['connection.start-ok', 'connection.tune-ok', 'connection.open']);
    expect(harness.info).toMatchObject({ channelMax: 2047, frameMax: 131_072, heartbeat: 60 });
  });

  it('takes it byte by byte', () => {
    const harness = new Harness();
    for (const octet of handshake) harness.session.receive(Uint8Array.of(octet), 0);
    expect(harness.session.state).toBe('open');
  });

  it.each([
    ['an ArrayBuffer', handshake.slice().buffer],
    ['a string', new TextDecoder('latin1').decode(handshake)],
    ['nothing', undefined],
  ])('ends with a usage error for %s instead of bytes', (_what, given) => {
    for (const harness of [new Harness(), new Harness().open()]) {
      harness.session.receive(given as unknown as Uint8Array, 0);
      expect(harness.closed).toMatchObject([{ code: 'USAGE_ERROR', blame: 'caller' }]);
      expect(harness.closed[0]?.message).toContain('Uint8Array');
    }
  });

  it('settles exactly once wherever the connection is cut', () => {
    for (let cut = 0; cut < handshake.length; cut++) {
      const harness = new Harness();
      harness.session.receive(handshake.slice(0, cut), 0);
      harness.session.receiveEof(0);
      harness.session.receiveEof(0);
      expect(harness.closed).toHaveLength(1);
      expect(harness.closed[0]?.scope).toBe('connection');
    }
  });

  it('names a broker of another version', () => {
    const harness = new Harness();
    harness.session.receive(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0), 0);
    expect(harness.closed[0]).toMatchObject({ code: 'UNSUPPORTED_PROTOCOL' });
  });

  it('takes a 403 before tune for failed authentication, and any later one for what it is', () => {
    const early = new Harness();
    early.say([0, { type: 'connection.start', serverProperties: {}, mechanisms: 'PLAIN', locales: 'en_US' }]);
    early.say([0, { type: 'connection.close', replyCode: 403, replyText: 'ACCESS_REFUSED', classId: 0, methodId: 0 }]);
    expect(early.closed[0]).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    const late = new Harness().open();
    late.say([0, { type: 'connection.close', replyCode: 530, replyText: 'NOT_ALLOWED', classId: 0, methodId: 0 }]);
    expect(late.closed[0]).toMatchObject({ code: 'NOT_ALLOWED', scope: 'connection' });
    expect(late.sent()).toEqual(['connection.close-ok']);
  });

  it('is given up at its deadline', () => {
    const harness = new Harness();
    expect(harness.session.nextDeadline()).toBe(10_000);
    harness.session.handleTimeout(10_000);
    expect(harness.closed[0]).toMatchObject({ code: 'HANDSHAKE_TIMEOUT' });
  });
});

describe('closing', () => {
  it('answers a close of the broker that crosses ours, and waits for its close-ok', () => {
    const harness = new Harness().open();
    harness.session.close(0);
    harness.say([
      0,
      { type: 'connection.close', replyCode: 320, replyText: 'CONNECTION_FORCED', classId: 0, methodId: 0 },
    ]);
    expect(harness.closed).toHaveLength(0);
    expect(harness.sent()).toEqual(['connection.close', 'connection.close-ok']);
    harness.say([0, { type: 'connection.close-ok' }]);
    expect(harness.closed).toHaveLength(1);
  });

  it('ends in time when no close-ok comes', () => {
    const harness = new Harness().open();
    harness.session.close(100);
    harness.session.handleTimeout(5100);
    expect(harness.closed).toEqual([undefined]);
  });

  it('ignores what other channels say once our close is sent', () => {
    const harness = new Harness().open();
    harness.session.openChannel(harness.sink('c'), noReply);
    harness.session.close(0);
    harness.say(
      [1, { type: 'channel.open-ok' }],
      [7, { type: 'basic.cancel', consumerTag: 'x' }],
      [0, { type: 'connection.close-ok' }],
    );
    expect(harness.closed).toEqual([undefined]);
  });
});

describe('channels', () => {
  it('keep their number until both closes that cross are answered', () => {
    const harness = new Harness().open();
    const channel = harness.session.openChannel(harness.sink('c'), noReply);
    harness.say([1, { type: 'channel.open-ok' }]);
    channel?.close();
    harness.say([1, channelClose]);
    expect(harness.session.openChannel(harness.sink('d'), noReply)?.id).toBe(2);
    harness.say([1, { type: 'channel.close-ok' }]);
    expect(harness.events).toEqual(['c closed NOT_FOUND']);
    expect(harness.session.openChannel(harness.sink('e'), noReply)?.id).toBe(1);
  });

  it('settle a refused request and go on with the others', () => {
    const harness = new Harness().open();
    const outcomes: string[] = [];
    for (const queue of ['a', 'b']) {
      const channel = harness.session.openChannel(harness.sink(queue), noReply);
      channel?.request({ type: 'queue.declare', queue }, (reply, error) =>
        outcomes.push(`${queue} ${reply?.type ?? error?.code}`),
      );
    }
    harness.say(
      [1, { type: 'channel.open-ok' }],
      [1, channelClose],
      [2, { type: 'channel.open-ok' }],
      [2, { type: 'queue.declare-ok', queue: 'b', messageCount: 0, consumerCount: 0 }],
    );
    expect(outcomes).toEqual(['a NOT_FOUND', 'b queue.declare-ok']);
  });

  it('never send an ack on a channel the broker has closed', () => {
    const harness = new Harness().open();
    const channel = harness.session.openChannel(harness.sink('c'), noReply);
    harness.say([1, { type: 'channel.open-ok' }]);
    harness.say([
      1,
      { type: 'basic.deliver', consumerTag: 't', deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'q' },
    ]);
    harness.session.receive(emptyBody(1), 0);
    harness.say([1, channelClose]);
    harness.sent();
    expect(channel?.ack(1)).toBe(false);
    expect(harness.sent()).toEqual([]);
  });

  it('match a consume-ok that comes after the reply to a later request', () => {
    const harness = new Harness().open();
    const channel = harness.session.openChannel(harness.sink('c'), noReply);
    const order: string[] = [];
    channel?.request({ type: 'basic.consume', queue: 'q', consumerTag: 't' }, (reply) => order.push(`${reply?.type}`));
    channel?.request({ type: 'queue.declare', queue: 'q' }, (reply) => order.push(`${reply?.type}`));
    harness.say(
      [1, { type: 'channel.open-ok' }],
      [1, { type: 'queue.declare-ok', queue: 'q', messageCount: 0, consumerCount: 0 }],
      [1, { type: 'basic.consume-ok', consumerTag: 't' }],
    );
    expect(order).toEqual(['queue.declare-ok', 'basic.consume-ok']);
  });

  it('take confirms while closing, because they still count', () => {
    const harness = new Harness().open();
    const channel = harness.session.openChannel(harness.sink('c'), noReply);
    channel?.selectConfirms(noReply);
    harness.say([1, { type: 'channel.open-ok' }], [1, { type: 'confirm.select-ok' }]);
    const message = { exchange: '', routingKey: 'q', mandatory: false, properties: {}, body: new Uint8Array(0) };
    for (let count = 0; count < 3; count++) channel?.publish(message);
    channel?.close();
    harness.say([1, { type: 'basic.ack', deliveryTag: 3, multiple: true }], [1, { type: 'channel.close-ok' }]);
    expect(harness.events).toEqual(['c ack <=3', 'c closed ']);
  });

  it('are all called when a frame comes for one that is not open', () => {
    const harness = new Harness().open();
    harness.session.openChannel(harness.sink('c'), noReply);
    harness.say([9, { type: 'basic.cancel', consumerTag: 'x' }]);
    expect(harness.closed[0]).toMatchObject({ code: 'UNEXPECTED_FRAME', blame: 'peer' });
    expect(harness.events).toEqual(['c closed UNEXPECTED_FRAME']);
  });

  it('settle every request with its outcome once, wherever the connection is cut', () => {
    const conversation = frames(
      [1, { type: 'channel.open-ok' }],
      [1, { type: 'queue.declare-ok', queue: 'q', messageCount: 0, consumerCount: 0 }],
      [1, channelClose],
      [0, { type: 'connection.blocked', reason: 'low on memory' }],
    );
    for (let cut = 0; cut <= conversation.length; cut++) {
      const harness = new Harness().open();
      const channel = harness.session.openChannel(harness.sink('c'), noReply);
      let settled = 0;
      for (const queue of ['q', 'r', 's']) channel?.request({ type: 'queue.declare', queue }, () => settled++);
      harness.session.receive(conversation.slice(0, cut), 0);
      harness.session.receiveEof(0);
      expect(settled).toBe(3);
      expect(harness.closed).toHaveLength(1);
      expect(harness.events.filter((event) => event.startsWith('c closed'))).toHaveLength(1);
    }
  });
});

describe('heartbeats', () => {
  it('go out at half the interval and end a silent connection', () => {
    const harness = new Harness({ heartbeat: 10 }).open();
    harness.session.handleTimeout(5000);
    harness.nowMs = 5000;
    expect(harness.sent()).toEqual(['heartbeat']);
    harness.session.handleTimeout(20_000);
    harness.session.handleTimeout(20_500);
    expect(harness.closed[0]).toMatchObject({ code: 'CONNECTION_BROKEN' });
  });
});
