/** Every state of a connection and of a channel with every input, against the session itself. */
import { UsageError } from '@puka/errors';
import { ByteWriter, encodeMethod, type MethodInput, methodInfo, writeContentHeader } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { type ChannelInput, type ChannelState, channelTransitions } from '../../src/session/channel-states.ts';
import { type ConnectionState, connectionInputOf, nextConnectionState } from '../../src/session/connection-states.ts';
import type { SessionChannel } from '../../src/session/index.ts';
import { frames, Harness, joined } from './harness.ts';

const noReply = (): void => {};
const close = { replyCode: 404, replyText: 'NOT_FOUND', classId: 50, methodId: 10 } as const;

/** One of each method that the broker may send. */
const samples: readonly MethodInput[] = [
  { type: 'connection.start', serverProperties: {}, mechanisms: 'PLAIN AMQPLAIN', locales: 'en_US' },
  { type: 'connection.secure', challenge: new Uint8Array(3) },
  { type: 'connection.tune', channelMax: 2047, frameMax: 131_072, heartbeat: 60 },
  { type: 'connection.open-ok' },
  { type: 'connection.close', replyCode: 320, replyText: 'CONNECTION_FORCED', classId: 0, methodId: 0 },
  { type: 'connection.close-ok' },
  { type: 'connection.blocked', reason: 'low on memory' },
  { type: 'connection.unblocked' },
  { type: 'connection.update-secret-ok' },
  { type: 'channel.open-ok' },
  { type: 'channel.flow', active: true },
  { type: 'channel.flow-ok', active: true },
  { type: 'channel.close', ...close },
  { type: 'channel.close-ok' },
  { type: 'exchange.declare-ok' },
  { type: 'exchange.delete-ok' },
  { type: 'exchange.bind-ok' },
  { type: 'exchange.unbind-ok' },
  { type: 'queue.declare-ok', queue: 'q', messageCount: 0, consumerCount: 0 },
  { type: 'queue.bind-ok' },
  { type: 'queue.purge-ok', messageCount: 0 },
  { type: 'queue.delete-ok', messageCount: 0 },
  { type: 'queue.unbind-ok' },
  { type: 'basic.qos-ok' },
  { type: 'basic.consume-ok', consumerTag: 't' },
  { type: 'basic.cancel', consumerTag: 't' },
  { type: 'basic.cancel-ok', consumerTag: 't' },
  { type: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: 'r' },
  { type: 'basic.deliver', consumerTag: 't', deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'r' },
  { type: 'basic.get-ok', deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'r', messageCount: 0 },
  { type: 'basic.get-empty' },
  { type: 'basic.ack', deliveryTag: 1, multiple: false },
  { type: 'basic.nack', deliveryTag: 1, multiple: false, requeue: false },
  { type: 'basic.recover-ok' },
  { type: 'confirm.select-ok' },
  { type: 'tx.select-ok' },
  { type: 'tx.commit-ok' },
  { type: 'tx.rollback-ok' },
];

/** Brings a fresh session into each state. */
const connections: Readonly<Record<Exclude<ConnectionState, 'idle'>, () => Harness>> = {
  awaitingStart: () => new Harness(),
  awaitingTune: () => said(new Harness(), 0),
  awaitingOpenOk: () => said(said(new Harness(), 0), 2),
  open: () => new Harness().open(),
  closing: () => {
    const harness = new Harness().open();
    harness.session.close(0);
    return harness;
  },
  closed: () => {
    const harness = new Harness().open();
    harness.session.receiveEof(0);
    return harness;
  },
};

function said(harness: Harness, index: number): Harness {
  const sample = samples[index];
  if (sample !== undefined) harness.say([0, sample]);
  return harness;
}

describe('the walk', () => {
  it('has one of each method that the broker may send', () => {
    const sent = [...methodInfo.values()].filter(({ direction }) => direction !== 'client').map(({ name }) => name);
    expect(samples.map(({ type }) => type).sort()).toEqual(sent.sort());
  });
});

describe.each(Object.keys(connections) as (keyof typeof connections)[])('a connection that is %s', (state) => {
  it.each(samples.map((sample) => [sample.type, sample] as const))(
    'takes or refuses %s as its table says',
    (type, sample) => {
      const harness = connections[state]();
      expect(harness.session.state).toBe(state);
      const wasClosed = harness.closed.length;
      harness.say([0, sample]);
      const input = connectionInputOf(type);
      const next = input === undefined ? undefined : nextConnectionState(state, input);
      // A challenge that the mechanism does not have, and a reply to nothing, are allowed by the table and refused by who has them.
      const isUnasked = (type === 'connection.secure' || type === 'connection.update-secret-ok') && state !== 'closing';
      const expected = next === undefined || (isUnasked && next !== 'closed') ? 'closed' : next;
      expect(harness.session.state).toBe(expected);
      expect(harness.closed).toHaveLength(expected === 'closed' ? 1 : 0);
      if (state !== 'closed' && (next === undefined || isUnasked)) {
        expect(harness.closed[0]).toMatchObject({
          blame: expect.stringMatching(/peer|broker|caller/),
          scope: 'connection',
        });
      }
      harness.session.receiveEof(0);
      harness.session.handleTimeout(1e9);
      expect(harness.closed.length).toBe(1);
      expect(wasClosed).toBeLessThanOrEqual(1);
    },
  );

  it('is closed once, whatever the caller and the network do', () => {
    for (const first of ['close', 'eof', 'timeout'] as const) {
      const harness = connections[state]();
      for (const step of [first, 'close', 'eof', 'timeout', 'close'] as const) {
        if (step === 'close') harness.session.close(0);
        else if (step === 'eof') harness.session.receiveEof(0);
        else {
          harness.session.handleTimeout(1e9);
          harness.session.handleTimeout(2e9);
        }
      }
      expect(harness.session.state).toBe('closed');
      expect(harness.closed).toHaveLength(1);
      expect(harness.session.openChannel(harness.sink('late'), noReply)).toBeUndefined();
    }
  });

  it('cannot be connected again', () => {
    expect(() => connections[state]().session.connect(0)).toThrow(/connect\(\) on a session/);
  });
});

interface Scene {
  readonly harness: Harness;
  readonly channel: SessionChannel;
  readonly outcomes: string[];
}

/** A channel with one request of each kind under way, so that every reply is awaited. */
function opened(): Scene {
  const harness = new Harness().open();
  const outcomes: string[] = [];
  const channel = harness.session.openChannel(harness.sink('c'), () => outcomes.push('channel.open'));
  if (channel === undefined) throw new Error('no channel');
  // One publish has gone out, so that a confirm of it may come.
  channel.nextPublishTag = 2;
  const requests: readonly MethodInput[] = [
    { type: 'exchange.declare', exchange: 'e', exchangeType: 'direct' },
    { type: 'exchange.delete', exchange: 'e' },
    { type: 'exchange.bind', destination: 'e', source: 'f' },
    { type: 'exchange.unbind', destination: 'e', source: 'f' },
    { type: 'queue.declare', queue: 'q' },
    { type: 'queue.bind', queue: 'q', exchange: 'e' },
    { type: 'queue.purge', queue: 'q' },
    { type: 'queue.delete', queue: 'q' },
    { type: 'queue.unbind', queue: 'q', exchange: 'e' },
    { type: 'basic.qos', prefetchCount: 1 },
    { type: 'basic.consume', queue: 'q', consumerTag: 't' },
    { type: 'basic.cancel', consumerTag: 't' },
    { type: 'basic.get', queue: 'q' },
    { type: 'basic.recover', requeue: true },
    { type: 'confirm.select' },
    { type: 'tx.select' },
    { type: 'tx.commit' },
    { type: 'tx.rollback' },
  ];
  for (const request of requests) channel.request(request, () => outcomes.push(request.type));
  return { harness, channel, outcomes };
}

const channels: Readonly<Record<ChannelState, () => Scene>> = {
  opening: opened,
  open: () => after(opened(), { type: 'channel.open-ok' }),
  closing: () => closing(after(opened(), { type: 'channel.open-ok' })),
  crossed: () => after(closing(after(opened(), { type: 'channel.open-ok' })), { type: 'channel.close', ...close }),
  closed: () => after(after(opened(), { type: 'channel.open-ok' }), { type: 'channel.close', ...close }),
};

function after(scene: Scene, method: MethodInput): Scene {
  scene.harness.say([1, method]);
  return scene;
}

function closing(scene: Scene): Scene {
  scene.channel.close();
  return scene;
}

function channelInputOf(sample: MethodInput): ChannelInput {
  switch (sample.type) {
    case 'channel.open-ok':
    case 'channel.close':
    case 'channel.close-ok':
    case 'channel.flow':
      return sample.type;
    case 'basic.deliver':
    case 'basic.get-ok':
    case 'basic.return':
      return 'content';
    default:
      return 'reply';
  }
}

const forChannels = samples.filter(({ type }) => !type.startsWith('connection.'));

describe.each(Object.keys(channels) as ChannelState[])('a channel that is %s', (state) => {
  it.each(forChannels.map((sample) => [sample.type, sample] as const))(
    'takes or refuses %s as its table says',
    (type, sample) => {
      const { harness, channel, outcomes } = channels[state]();
      expect(channel.state).toBe(state);
      harness.say([1, sample]);
      const next = channelTransitions[state][channelInputOf(sample)];
      // After a close of both sides nothing but the close-ok counts. RabbitMQ: its queues may deliver after its own close, so
      // that a number it has closed is passed over until it is open again. No `flow-ok` is awaited.
      const isIgnored = state === 'closed' || (state === 'crossed' && type !== 'channel.close-ok');
      const isRefused = !isIgnored && (next === undefined || (type === 'channel.flow-ok' && state !== 'closing'));
      expect(channel.state).toBe(isRefused ? 'closed' : isIgnored ? state : next);
      expect(harness.session.state).toBe(isRefused ? 'closed' : 'open');
      harness.session.receiveEof(0);
      expect(harness.closed).toHaveLength(1);
      expect(channel.state).toBe('closed');
      // Every request has got its outcome, and none twice.
      expect(outcomes).toHaveLength(19);
      expect(new Set(outcomes).size).toBe(19);
      expect(harness.events.filter((event) => event.startsWith('c closed'))).toHaveLength(1);
    },
  );

  it('takes or refuses a content header and a body frame out of place', () => {
    for (const frame of [headerFrame(), bodyFrame()]) {
      const { harness, outcomes } = channels[state]();
      harness.session.receive(frame, 0);
      expect(harness.session.state).toBe(state === 'crossed' || state === 'closed' ? 'open' : 'closed');
      harness.session.receiveEof(0);
      expect(harness.closed).toHaveLength(1);
      expect(outcomes).toHaveLength(19);
    }
  });

  it('takes commands only while it is open or opening', () => {
    const { harness, channel } = channels[state]();
    harness.sent();
    const isUsable = state === 'open' || state === 'opening';
    expect(channel.request({ type: 'basic.qos' }, noReply)).toBe(isUsable);
    const message = { exchange: '', routingKey: 'q', mandatory: false, properties: {}, body: new Uint8Array(3) };
    expect(channel.publish(message) === false).toBe(!isUsable);
    // Nothing was delivered here.
    for (const settle of [() => channel.ack(1), () => channel.reject(1, true), () => channel.nack(1, true)]) {
      if (isUsable) expect(settle).toThrow(UsageError);
      else expect(settle()).toBe(false);
    }
    channel.close();
    if (!isUsable) expect(harness.sent()).toEqual([]);
    harness.session.receiveEof(0);
    expect(harness.events.filter((event) => event.startsWith('c closed'))).toHaveLength(1);
  });
});

function headerFrame(): Uint8Array {
  const writer = new ByteWriter();
  writeContentHeader(writer, 1, 4, {}, 131_072);
  return joined(writer.take());
}

/** Type 3, channel 1, one byte. AMQP 0-9-1 §2.3.5.2. */
function bodyFrame(): Uint8Array {
  return Uint8Array.of(3, 0, 1, 0, 0, 0, 1, 0x78, 0xce);
}

describe('an idle session', () => {
  it('hears nothing, and is closed once', () => {
    const harness = new Harness();
    expect(harness.session.state).toBe('awaitingStart');
    const writer = new ByteWriter();
    encodeMethod(writer, 0, { type: 'connection.open-ok' });
    harness.session.receive(frames([0, { type: 'connection.close-ok' }]), 0);
    expect(harness.closed).toHaveLength(1);
  });
});
