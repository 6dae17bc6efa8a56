import { UsageError } from '@puka/errors';
import { type BasicProperties, ByteWriter, type MethodInput, writeBody, writeContentHeader } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import type { SessionChannel } from '../../src/session/index.ts';
import { frames, Harness, joined } from './harness.ts';

const noReply = (): void => {};
const route = { redelivered: false, exchange: '', routingKey: 'q' };

/** A content header that announces so many bytes. */
function header(bodyBytes: number, properties: BasicProperties = {}, channel = 1): Uint8Array {
  const writer = new ByteWriter();
  writeContentHeader(writer, channel, bodyBytes, properties, 131_072);
  return joined(writer.take());
}

/** Body frames of so many bytes. */
function body(bytes: number, channel = 1): Uint8Array {
  const writer = new ByteWriter();
  writeBody(writer, channel, new Uint8Array(bytes), 131_072);
  return joined(writer.take());
}

function delivery(deliveryTag: number, channel = 1): Uint8Array {
  return frames([channel, { type: 'basic.deliver', consumerTag: 't', deliveryTag, ...route }]);
}

function returned(): Uint8Array {
  return frames([1, { type: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: 'q' }]);
}

function getOk(deliveryTag: number): MethodInput {
  return { type: 'basic.get-ok', deliveryTag, messageCount: 0, ...route };
}

/** A session with one open channel. */
function scene(options: ConstructorParameters<typeof Harness>[0] = {}): { harness: Harness; channel: SessionChannel } {
  const harness = new Harness(options).open();
  const channel = harness.session.openChannel(harness.sink('c'), noReply);
  if (channel === undefined) throw new Error('no channel');
  harness.say([1, { type: 'channel.open-ok' }]);
  harness.sent();
  return { harness, channel };
}

/** The broker sends these bytes. */
function hear(harness: Harness, ...chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) harness.session.receive(chunk, 0);
}

describe('a reply that fits nothing', () => {
  it('settles what was awaited: a get-ok whose delivery tag is out of turn', () => {
    const { harness, channel } = scene();
    const outcomes: unknown[] = [];
    channel.request({ type: 'basic.get', queue: 'q' }, (reply, error) => outcomes.push(reply ?? error?.code));
    harness.say([1, getOk(7)]);
    hear(harness, header(0));
    expect(outcomes).toEqual(['CONNECTION_BROKEN']);
    expect(harness.closed[0]).toMatchObject({ code: 'UNEXPECTED_FRAME', blame: 'peer' });
    expect(harness.events).toEqual(['c closed UNEXPECTED_FRAME']);
  });

  it.each<[string, MethodInput]>([
    ['a get-ok', getOk(1)],
    ['a get-empty', { type: 'basic.get-empty' }],
    ['a consume-ok of another tag', { type: 'basic.consume-ok', consumerTag: 'x' }],
    ['a cancel-ok', { type: 'basic.cancel-ok', consumerTag: 't' }],
    ['a close-ok', { type: 'channel.close-ok' }],
    ['a second open-ok', { type: 'channel.open-ok' }],
  ])('%s ends the connection and settles what was awaited', (_what, method) => {
    const { harness, channel } = scene();
    let settled = 0;
    channel.request({ type: 'basic.consume', queue: 'q', consumerTag: 't' }, () => settled++);
    channel.request({ type: 'queue.declare', queue: 'q' }, () => settled++);
    harness.say([1, method]);
    if (method.type === 'basic.get-ok') hear(harness, header(0));
    expect(settled).toBe(2);
    expect(harness.closed).toEqual([expect.objectContaining({ code: 'COMMAND_INVALID', blame: 'peer' })]);
    expect(harness.session.awaitsReply).toBe(false);
  });
});

describe('awaitsReply', () => {
  it('is true from the first request to the last reply, on any channel', () => {
    const { harness, channel } = scene();
    const other = harness.session.openChannel(harness.sink('d'), noReply);
    expect(harness.session.awaitsReply).toBe(true);
    harness.say([2, { type: 'channel.open-ok' }]);
    expect(harness.session.awaitsReply).toBe(false);
    channel.request({ type: 'basic.get', queue: 'q' }, noReply);
    other?.request({ type: 'basic.consume', queue: 'q', consumerTag: 't' }, noReply);
    harness.say([1, { type: 'basic.get-empty' }]);
    expect(harness.session.awaitsReply).toBe(true);
    other?.forgetConsume('t');
    expect(harness.session.awaitsReply).toBe(false);
    channel.request({ type: 'basic.get', queue: 'q' }, noReply);
    channel.request({ type: 'basic.get', queue: 'q' }, noReply);
    harness.say([1, { type: 'channel.close', replyCode: 404, replyText: '', classId: 60, methodId: 70 }]);
    expect(harness.session.awaitsReply).toBe(false);
  });
});

describe('a method that announces a message', () => {
  it('ends the connection when it is cut short, before its message comes', () => {
    const { harness } = scene();
    const whole = delivery(1);
    const cut = whole.slice(0, whole.length - 2);
    cut[6] = (cut[6] ?? 0) - 1;
    hear(harness, cut, Uint8Array.of(0xce));
    expect(harness.closed).toEqual([expect.objectContaining({ code: 'AMQP_SYNTAX_ERROR', method: 'basic.deliver' })]);
    expect(harness.events).toEqual(['c closed AMQP_SYNTAX_ERROR']);
  });
});

describe('a settlement', () => {
  /** A channel that has received this many messages. */
  function delivered(count: number): ReturnType<typeof scene> {
    const all = scene();
    for (let tag = 1; tag <= count; tag++) hear(all.harness, delivery(tag), header(0));
    return all;
  }

  it.each<[string, (channel: SessionChannel, tag: number) => boolean]>([
    ['ack', (channel, tag) => channel.ack(tag)],
    ['reject', (channel, tag) => channel.reject(tag, true)],
    ['nack', (channel, tag) => channel.nack(tag, true)],
  ])('by %s is refused a second time, and for a delivery that was not received', (_name, settle) => {
    const { harness, channel } = delivered(2);
    settle(channel, 1);
    for (const tag of [1, 3, 0, -1, Number.NaN]) expect(() => settle(channel, tag)).toThrow(UsageError);
    expect(harness.sent()).toHaveLength(1);
    expect(() => settle(channel, 1)).toThrow(/delivery tag 1 on channel 1/);
    expect(channel.unsettledDeliveries).toBe(1);
  });

  it('sent twice does not settle a later delivery', () => {
    const { harness, channel } = delivered(64);
    for (let tag = 1; tag <= 64; tag++) channel.ack(tag);
    harness.sent();
    // The window has 64 places at first, so this delivery has the place of the first one.
    hear(harness, delivery(65), header(0));
    expect(() => channel.ack(1)).toThrow(UsageError);
    expect(harness.sent()).toEqual([]);
    expect(channel.unsettledDeliveries).toBe(1);
  });

  it('is not needed for a released delivery, and releasing twice changes nothing', () => {
    const { channel } = delivered(2);
    channel.letGo(1);
    channel.letGo(1);
    channel.letGo(9);
    expect(channel.unsettledDeliveries).toBe(1);
    expect(() => channel.ack(1)).toThrow(UsageError);
  });
});

describe('a close by the broker', () => {
  it.each([404, 541, 200, 0])('with the code %i closes only the channel', (replyCode) => {
    const { harness, channel } = scene();
    const errors: unknown[] = [];
    channel.request({ type: 'queue.declare', queue: 'q' }, (_reply, error) => errors.push(error));
    harness.say([1, { type: 'channel.close', replyCode, replyText: 'why', classId: 50, methodId: 10 }]);
    expect(errors).toMatchObject([{ replyCode, scope: 'channel', method: 'queue.declare' }]);
    expect(harness.session.state).toBe('open');
  });
});

describe('a request', () => {
  it.each<MethodInput>([
    { type: 'basic.publish', routingKey: 'q' },
    { type: 'basic.ack', deliveryTag: 1 },
    { type: 'channel.open' },
    { type: 'channel.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 },
    { type: 'connection.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 },
    { type: 'queue.declare', queue: 'q', noWait: true },
  ])('of $type is refused because request() cannot await its reply', (method) => {
    const { harness, channel } = scene();
    expect(() => channel.request(method, noReply)).toThrow(UsageError);
    expect(() => channel.request(method, noReply)).toThrow(method.type);
    expect(harness.sent()).toEqual([]);
    expect(harness.session.awaitsReply).toBe(false);
  });

  it('to consume lets the broker choose the tag if it is absent or empty', () => {
    const { harness, channel } = scene();
    const tags: unknown[] = [];
    for (const tag of [{}, { consumerTag: 'mine' }, { consumerTag: '' }]) {
      channel.request({ type: 'basic.consume', queue: 'q', ...tag }, (reply) =>
        tags.push(reply?.type === 'basic.consume-ok' && `${reply.consumerTag} for ${tag.consumerTag ?? 'nothing'}`),
      );
    }
    // RabbitMQ may answer consumes in another order.
    harness.say(
      [1, { type: 'basic.consume-ok', consumerTag: 'mine' }],
      [1, { type: 'basic.consume-ok', consumerTag: 'amq.ctag-1' }],
      [1, { type: 'basic.consume-ok', consumerTag: 'amq.ctag-2' }],
    );
    expect(tags).toEqual(['mine for mine', 'amq.ctag-1 for nothing', 'amq.ctag-2 for ']);
    expect(harness.closed).toEqual([]);
  });

  it('for confirms counts publishes from then on, and a second one continues the count', () => {
    const { harness, channel } = scene();
    const message = { exchange: '', routingKey: 'q', mandatory: false, properties: {}, body: new Uint8Array(0) };
    expect(channel.publish(message)).toBe(0);
    channel.request({ type: 'confirm.select' }, noReply);
    expect(channel.publish(message)).toBe(1);
    channel.selectConfirms(noReply);
    expect(channel.publish(message)).toBe(2);
    harness.say(
      [1, { type: 'confirm.select-ok' }],
      [1, { type: 'confirm.select-ok' }],
      [1, { type: 'basic.ack', deliveryTag: 2, multiple: true }],
    );
    expect(harness.events).toEqual(['c ack <=2']);
  });
});

describe('a confirm', () => {
  it.each([
    ['of a tag after the last', 2, false],
    ['up to a tag after the last', 9, true],
    ['of tag 0', 0, false],
  ])('%s ends the connection', (_what, deliveryTag, multiple) => {
    const { harness, channel } = scene();
    channel.selectConfirms(noReply);
    harness.say([1, { type: 'confirm.select-ok' }]);
    channel.publish({ exchange: '', routingKey: 'q', mandatory: false, properties: {}, body: new Uint8Array(0) });
    harness.say([1, { type: 'basic.ack', deliveryTag, multiple }]);
    expect(harness.closed).toEqual([expect.objectContaining({ code: 'COMMAND_INVALID', blame: 'peer' })]);
    expect(harness.events).toEqual(['c closed COMMAND_INVALID']);
  });

  it('of the last tag counts, of all by tag 0, and a second time', () => {
    const { harness, channel } = scene();
    channel.selectConfirms(noReply);
    harness.say([1, { type: 'confirm.select-ok' }]);
    channel.publish({ exchange: '', routingKey: 'q', mandatory: false, properties: {}, body: new Uint8Array(0) });
    harness.say(
      [1, { type: 'basic.nack', deliveryTag: 1, multiple: false, requeue: false }],
      [1, { type: 'basic.ack', deliveryTag: 0, multiple: true }],
      [1, { type: 'basic.ack', deliveryTag: 1, multiple: true }],
    );
    expect(harness.events).toEqual(['c nack 1', 'c ack <=0', 'c ack <=1']);
  });

  it('on a channel without confirms ends the connection', () => {
    const { harness } = scene();
    harness.say([1, { type: 'basic.ack', deliveryTag: 0, multiple: true }]);
    expect(harness.closed).toEqual([expect.objectContaining({ code: 'COMMAND_INVALID' })]);
  });
});

describe('a message over maxMessageBytes', () => {
  it('is handed on without its body, which is passed over in any number of pieces', () => {
    const { harness, channel } = scene({ maxMessageBytes: 1000 });
    hear(harness, delivery(1), header(200_000));
    expect(harness.events).toEqual([
      'c deliver over a message of 200000 bytes came; the limit maxMessageBytes is 1000',
    ]);
    expect(harness.session.halfMessageBytes).toBe(0);
    for (const octets of [body(200_000)])
      for (let at = 0; at < octets.length; at += 777) hear(harness, octets.slice(at, at + 777));
    expect(channel.nack(1, true)).toBe(true);
    hear(harness, delivery(2), header(3), body(3));
    expect(harness.events.slice(1)).toEqual(['c deliver 3']);
    expect(harness.closed).toEqual([]);
  });

  it('that is returned is dropped, unless one as long was published', () => {
    const { harness, channel } = scene({ maxMessageBytes: 10 });
    const publish = { exchange: '', routingKey: 'q', mandatory: true, properties: {}, body: new Uint8Array(20) };
    hear(harness, returned(), header(20), body(20));
    expect(harness.events).toEqual([]);
    channel.publish(publish);
    hear(harness, returned(), header(20), body(20));
    hear(harness, returned(), header(21), body(21));
    expect(harness.events).toEqual(['c return 20']);
  });
});

describe('messages that have not come whole', () => {
  const properties = { headers: { padding: 'x'.repeat(1000) } };

  it('count with properties and body until they are whole', () => {
    const { harness } = scene();
    hear(harness, delivery(1), header(1000, properties));
    const propertiesBytes = harness.session.halfMessageBytes;
    expect(propertiesBytes).toBeGreaterThan(1000);
    hear(harness, body(400));
    expect(harness.session.halfMessageBytes).toBe(propertiesBytes + 400);
    hear(harness, body(600));
    expect(harness.session.halfMessageBytes).toBe(0);
    expect(harness.events).toEqual(['c deliver 1000']);
  });

  it('count no more when their channel ends', () => {
    const { harness } = scene();
    hear(harness, delivery(1), header(1000), body(400));
    expect(harness.session.halfMessageBytes).toBeGreaterThan(400);
    harness.session.receiveEof(0);
    expect(harness.session.halfMessageBytes).toBe(0);
  });

  it('can be given up, the longest first, and the next message comes whole', () => {
    const { harness } = scene();
    harness.session.openChannel(harness.sink('d'), noReply);
    harness.say([2, { type: 'channel.open-ok' }]);
    hear(harness, delivery(1), header(1000), body(400), delivery(1, 2), header(1000, {}, 2), body(500, 2));
    expect(harness.session.passOverLongest('too much', 0)).toBe(true);
    expect(harness.events).toEqual(['d deliver over too much']);
    hear(harness, body(500, 2), delivery(2, 2), header(5, {}, 2), body(5, 2), body(600));
    expect(harness.events.slice(1)).toEqual(['d deliver 5', 'c deliver 1000']);
    expect(harness.session.passOverLongest('too much', 0)).toBe(false);
    expect(harness.session.halfMessageBytes).toBe(0);
  });
});

describe('a peer that asks and does not read', () => {
  const flood = frames(...Array.from({ length: 10 }, () => [1, { type: 'channel.flow', active: true }] as const));
  const maxAnswerBytes = 13 * 100;

  it('ends the connection by channel.flow', () => {
    const { harness } = scene({ maxAnswerBytes });
    let said = 0;
    for (; harness.closed.length === 0 && said < 1000; said++) {
      hear(harness, flood);
      harness.session.takeOutput(0, harness.session.writer.writtenBytes);
    }
    expect(harness.closed).toEqual([expect.objectContaining({ code: 'LIMIT_EXCEEDED', blame: 'peer' })]);
    expect(said).toBe(11);
  });

  it('ends it by deliveries that go back by themselves, and a user who settles does not', () => {
    const { harness, channel } = scene({ maxAnswerBytes });
    channel.sink = { ...harness.sink('d'), content: ({ deliveryTag }) => channel.nack(deliveryTag, true) };
    let tag = 1;
    for (; harness.closed.length === 0 && tag < 1000; tag++) hear(harness, delivery(tag), header(0));
    expect(harness.closed).toEqual([expect.objectContaining({ code: 'LIMIT_EXCEEDED' })]);
    expect(tag).toBeLessThan(80);
    const user = scene({ maxAnswerBytes });
    for (tag = 1; tag < 1000; tag++) {
      hear(user.harness, delivery(tag), header(0));
      user.channel.nack(tag, true);
    }
    expect(user.harness.closed).toEqual([]);
  });

  it('ends it by closing again and again while our close is under way', () => {
    const { harness } = scene({ maxAnswerBytes });
    harness.session.close(0);
    const close = { type: 'connection.close', replyCode: 320, replyText: '', classId: 0, methodId: 0 } as const;
    for (let said = 0; harness.closed.length === 0 && said < 1000; said++) harness.say([0, close]);
    expect(harness.closed).toEqual([expect.objectContaining({ code: 'LIMIT_EXCEEDED' })]);
  });

  it('may ask as often as it likes while it reads', () => {
    const { harness } = scene({ maxAnswerBytes });
    for (let said = 0; said < 1000; said++) {
      hear(harness, flood);
      harness.session.takeOutput(0, 200);
    }
    expect(harness.closed).toEqual([]);
  });
});
