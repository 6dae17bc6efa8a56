import { UsageError } from '@puka/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { lineOf, RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;
let peer: RawPeer;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual' });
  peer = await newPeer();
});

afterEach(async () => {
  await broker.stop();
});

/** A connection with a channel that awaits confirms, and a queue `jobs`. */
async function newPeer(): Promise<RawPeer> {
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  await peer.call(1, { type: 'confirm.select' });
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
  return peer;
}

function publish(body: string, fields: { readonly routingKey?: string; readonly mandatory?: boolean } = {}): void {
  peer.publish(1, { routingKey: 'jobs', ...fields }, body);
}

/** What was sent on a channel of the peer since so many things were received. */
function linesFrom(count: number): string[] {
  return peer.heard.slice(count).map(lineOf);
}

describe('connections', () => {
  it('are dropped at once, without a close', async () => {
    broker.faults.dropConnections();
    await peer.ended();
    expect(peer.heard.some(({ method }) => method.type === 'connection.close')).toBe(false);
    expect(broker.connections).toEqual([]);
  });

  it('are dropped in the middle of what goes to the client', async () => {
    const before = peer.heard.length;
    // channel.open-ok is 16 bytes: 7 of frame header, 4 of method, 4 of an empty text, 1 of frame end.
    broker.faults.dropAfterBytes(16 + 15);
    peer.send(2, { type: 'channel.open' });
    peer.send(3, { type: 'channel.open' });
    await peer.ended();
    expect(peer.heard.slice(before).map(({ channel, method }) => `${channel} ${method.type}`)).toEqual([
      '2 channel.open-ok',
    ]);
  });

  it('are dropped in the middle of what comes from the client, and what came before counts', async () => {
    const whole = new TextEncoder().encode('jobs').length;
    publish('first');
    await peer.next('basic.ack');
    // The method of the next publish comes, and its header does not.
    broker.faults.dropAfterBytes(7 + 4 + 2 + 1 + 1 + whole + 1 + 1, { from: 'client' });
    publish('second');
    await peer.ended();
    expect(broker.queue('jobs')?.messages.map((message) => message.text())).toEqual(['first']);
    expect(broker.connections).toEqual([]);
  });

  it.each(['broker', 'client'] as const)(
    'are not dropped after bytes of the %s once faults are cleared',
    async (from) => {
      broker.faults.dropAfterBytes(1, { from });
      broker.faults.clear();
      publish('kept');
      await peer.next('basic.ack');
      expect(peer.isEnded).toBe(false);
    },
  );

  it('of which the next one is to be dropped, are dropped in the handshake, once', async () => {
    broker.faults.dropAfterBytes(20, { connections: 'next' });
    await expect(RawPeer.open(broker.transport(), 0)).rejects.toThrow('the line ended before connection.start');
    await RawPeer.open(broker.transport(), 0);
    expect(peer.isEnded).toBe(false);
  });

  it('end in the middle of a confirm, with the message in the queue', async () => {
    const before = peer.heard.length;
    broker.faults.dropInConfirm();
    publish('taken');
    await peer.ended();
    expect(linesFrom(before)).toEqual([]);
    expect(broker.queue('jobs')?.ready).toBe(1);
    peer = await newPeer();
    publish('again');
    expect((await peer.next('basic.ack')).method).toMatchObject({ deliveryTag: 1 });
  });

  it('are refused as many as are asked for', async () => {
    broker.faults.refuseConnections(2);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(RawPeer.open(broker.transport(), 0)).rejects.toThrow('the line ended');
    }
    await RawPeer.open(broker.transport(), 0);
  });

  it('are refused their login as many times as is asked for', async () => {
    broker.faults.refuseLogins(1);
    await expect(RawPeer.open(broker.transport(), 0)).rejects.toThrow('ACCESS_REFUSED - Login was refused');
    await RawPeer.open(broker.transport(), 0);
  });

  it('get what is sent to them in pieces', async () => {
    broker.faults.splitReads(1);
    publish('taken');
    expect((await peer.next('basic.ack')).method).toMatchObject({ deliveryTag: 1 });
    expect((await RawPeer.open(broker.transport(), 0)).isEnded).toBe(false);
  });
});

describe('publishes', () => {
  it('are nacked and not routed, as many as are asked for, of those that are meant', async () => {
    broker.faults.nackPublishes(1, { routingKey: 'jobs' });
    const before = peer.heard.length;
    publish('elsewhere', { routingKey: 'none' });
    await peer.next('basic.ack');
    publish('lost');
    await peer.next('basic.nack');
    publish('taken');
    await peer.next('basic.ack');
    expect(linesFrom(before)).toEqual([
      '1 basic.ack {"deliveryTag":1,"multiple":false}',
      '1 basic.nack {"deliveryTag":2,"multiple":true,"requeue":false}',
      '1 basic.ack {"deliveryTag":3,"multiple":false}',
    ]);
    expect(broker.queue('jobs')?.messages.map((message) => message.text())).toEqual(['taken']);
  });

  it('are returned and then confirmed, where they are mandatory', async () => {
    broker.faults.returnPublishes(2);
    const before = peer.heard.length;
    publish('back', { mandatory: true });
    publish('gone');
    await peer.next('basic.ack');
    expect(linesFrom(before)).toEqual([
      '1 basic.return {"replyCode":312,"replyText":"NO_ROUTE","exchange":"","routingKey":"jobs"} {} "back"',
      '1 basic.ack {"deliveryTag":1,"multiple":false}',
      '1 basic.ack {"deliveryTag":2,"multiple":false}',
    ]);
    expect(broker.queue('jobs')?.ready).toBe(0);
    expect(broker.unroutable.map((message) => message.text())).toEqual(['back', 'gone']);
  });

  it('are blocked until the broker has enough again', async () => {
    broker.block('disk');
    publish('late');
    expect((await peer.next('connection.blocked')).method).toMatchObject({ reason: 'low on disk' });
    expect(broker.connections).toMatchObject([{ isBlocked: true }]);
    expect(broker.queue('jobs')?.ready).toBe(0);
    broker.unblock();
    await peer.next('connection.unblocked');
    await peer.next('basic.ack');
    expect(broker.queue('jobs')?.ready).toBe(1);
  });
});

describe('confirms', () => {
  it('are lost, with the message in the queue', async () => {
    broker.faults.loseConfirms();
    publish('1');
    await broker.published('jobs');
    publish('2');
    expect((await peer.next('basic.ack')).method).toMatchObject({ deliveryTag: 2, multiple: false });
    expect(broker.queue('jobs')?.ready).toBe(2);
  });

  it('are delayed by the clock of the broker', async () => {
    broker.faults.delayConfirms(1000);
    const before = peer.heard.length;
    publish('1');
    await broker.published('jobs');
    await broker.advance(999);
    peer.send(2, { type: 'channel.open' });
    await peer.next('channel.open-ok');
    expect(linesFrom(before).map((line) => line.slice(0, 11))).toEqual(['2 channel.o']);
    await broker.advance(1);
    expect((await peer.next('basic.ack')).method).toMatchObject({ deliveryTag: 1 });
  });

  it('that were delayed are reported when the faults are cleared', async () => {
    broker.faults.delayConfirms(1000);
    publish('1');
    await broker.published('jobs');
    broker.faults.clear();
    expect((await peer.next('basic.ack')).method).toMatchObject({ deliveryTag: 1 });
  });

  it('are reported one by one, the last first', async () => {
    broker.faults.reorderConfirms();
    const before = peer.heard.length;
    for (const body of ['1', '2', '3']) publish(body);
    await broker.idle();
    const tags = peer.heard
      .slice(before)
      .flatMap(({ method }) => (method.type === 'basic.ack' ? [method.deliveryTag] : []));
    expect(tags).toEqual([3, 2, 1]);
  });
});

describe('channels', () => {
  it('are heard in another order among each other, each in its own', async () => {
    await peer.channel(2);
    broker.faults.reorderChannels();
    const before = peer.heard.length;
    peer.sendBytes(
      joined([
        peer.encoded(1, { type: 'queue.declare', queue: 'a' }, { type: 'queue.declare', queue: 'b' }),
        peer.encoded(2, { type: 'queue.declare', queue: 'c' }),
      ]),
    );
    await peer.nextOn(2);
    await broker.idle();
    expect(linesFrom(before).map((line) => line.replace(/,.*/, ''))).toEqual([
      '2 queue.declare-ok {"queue":"c"',
      '1 queue.declare-ok {"queue":"a"',
      '1 queue.declare-ok {"queue":"b"',
    ]);
  });
});

describe('consumers', () => {
  it('of one queue are cancelled, and the queue stays', async () => {
    await peer.call(1, { type: 'queue.declare', queue: 'others' });
    await peer.call(1, { type: 'basic.consume', queue: 'jobs', consumerTag: 'a' });
    await peer.call(1, { type: 'basic.consume', queue: 'others', consumerTag: 'b' });
    broker.faults.cancelConsumers('jobs');
    expect((await peer.next('basic.cancel')).method).toMatchObject({ consumerTag: 'a' });
    expect(broker.queue('jobs')?.consumers).toEqual([]);
    expect(broker.queue('others')?.consumers).toHaveLength(1);
  });

  it('get a message once more after their connection is gone, where the ack was lost', async () => {
    publish('twice');
    await peer.call(1, { type: 'basic.consume', queue: 'jobs' });
    broker.faults.loseAcks();
    peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
    await peer.channel(2);
    expect(broker.queue('jobs')?.unacked).toBe(1);
    broker.faults.dropConnections();
    peer = await newPeer();
    peer.send(1, { type: 'basic.consume', queue: 'jobs' });
    const { method, body } = await peer.next('basic.deliver');
    expect({ ...method, body }).toMatchObject({ redelivered: true, body: 'twice' });
    peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
    await broker.until(() => broker.queue('jobs')?.unacked === 0);
  });
});

describe('channels', () => {
  it('are closed that have a consumer of a queue, and no others', async () => {
    for (const id of [2, 3]) await peer.channel(id);
    await peer.call(2, { type: 'basic.consume', queue: 'jobs' });
    broker.faults.closeChannels({ queue: 'jobs' }, 406, 'too late');
    const { channel, method } = await peer.next('channel.close');
    expect([channel, method]).toMatchObject([
      2,
      { replyText: 'PRECONDITION_FAILED - too late', classId: 0, methodId: 0 },
    ]);
    broker.faults.closeChannels({ channel: 3, user: 'nobody' });
    await peer.call(3, { type: 'basic.qos' });
    expect(() => broker.faults.closeChannels({}, 541)).toThrow('541 closes the connection');
  });
});

describe('queues', () => {
  it('are removed without the clients, whose consumers are cancelled', async () => {
    await peer.call(1, { type: 'basic.consume', queue: 'jobs', consumerTag: 'a' });
    broker.faults.removeQueue('jobs');
    expect((await peer.next('basic.cancel')).method).toMatchObject({ consumerTag: 'a' });
    expect(broker.queue('jobs')).toBeUndefined();
    expect(() => broker.faults.removeQueue('jobs')).toThrow("there is no queue 'jobs' in vhost '/'");
  });

  it('are removed without a word to their consumers', async () => {
    await peer.call(1, { type: 'queue.bind', queue: 'jobs', exchange: 'amq.topic', routingKey: 'a' });
    await peer.call(1, { type: 'basic.consume', queue: 'jobs', consumerTag: 'a' });
    broker.faults.removeQueue('jobs', { isSilent: true });
    const before = peer.heard.length;
    await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
    expect(linesFrom(before)).toHaveLength(1);
    expect([broker.bindings(), broker.queue('jobs')?.consumers]).toEqual([[], []]);
    await peer.call(1, { type: 'basic.cancel', consumerTag: 'a' });
  });
});

describe('a vhost that is down', () => {
  it('has its connections closed and takes no new ones, until it is there again', async () => {
    broker.addVhost('other');
    const other = await RawPeer.open(broker.transport(), 0, { vhost: 'other' });
    broker.faults.vhostDown();
    expect((await peer.next('connection.close')).method).toMatchObject({
      replyText: "CONNECTION_FORCED - vhost '/' is down",
    });
    await expect(RawPeer.open(broker.transport(), 0)).rejects.toThrow(
      "INTERNAL_ERROR - access to vhost '/' refused for user 'guest': vhost '/' is down",
    );
    await other.channel(1);
    broker.faults.vhostUp();
    await RawPeer.open(broker.transport(), 0);
    expect(broker.mistakes).toEqual([]);
  });
});

it('a connection ends before an ack, and its message comes again', async () => {
  publish('twice');
  await peer.call(1, { type: 'basic.consume', queue: 'jobs' });
  broker.faults.dropInAck();
  peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
  await peer.ended();
  expect(broker.queue('jobs')).toMatchObject({ ready: 1, unacked: 0 });
  peer = await newPeer();
  peer.send(1, { type: 'basic.consume', queue: 'jobs' });
  expect((await peer.next('basic.deliver')).method).toMatchObject({ redelivered: true });
  peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
  await broker.consumed('jobs');
});

it('clear ends every fault that is to come', async () => {
  const { faults } = broker;
  faults.refuseConnections();
  faults.refuseLogins();
  faults.dropAfterBytes(1, { connections: 'next' });
  faults.nackPublishes(5);
  faults.returnPublishes(5);
  faults.loseConfirms(5);
  faults.dropInConfirm();
  faults.loseAcks(5);
  faults.dropInAck();
  faults.splitReads(1);
  faults.reorderConfirms();
  faults.reorderChannels();
  faults.refuse('queue.declare', { code: 541 });
  faults.delayReplies('channel.open', 1000);
  faults.cancelNewConsumers();
  faults.loseLeader('jobs');
  faults.stopQueue('jobs', { reason: 'timeout' });
  faults.vhostDown();
  faults.clear();
  peer = await newPeer();
  publish('fine');
  expect((await peer.next('basic.ack')).method).toMatchObject({ deliveryTag: 1 });
  await peer.call(1, { type: 'basic.get', queue: 'jobs' });
  peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
  await peer.channel(2);
  expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
});

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

describe('a call that would cause no fault, or a different one,', () => {
  type Call = (faults: EmbeddedBroker['faults']) => void;
  // Arguments that a program without types may pass.
  const none = Number.NaN;
  const other = { routingkey: 'jobs' } as object;
  it.each<[string, Call]>([
    ['dropAfterBytes(NaN)', (faults) => faults.dropAfterBytes(none)],
    ['dropAfterBytes() with an unknown option', (faults) => faults.dropAfterBytes(1, { form: 'client' } as object)],
    ['ghosts(NaN)', (faults) => faults.ghosts(none)],
    ['ghosts() with an unknown filter', (faults) => faults.ghosts(1, other)],
    ['delayReplies() forever', (faults) => faults.delayReplies('basic.consume', Number.POSITIVE_INFINITY)],
    ['delayConfirms(-1)', (faults) => faults.delayConfirms(-1)],
    ['closeChannels() with an unknown filter', (faults) => faults.closeChannels({ queues: 'jobs' } as object)],
    ['loseLeader() after NaN', (faults) => faults.loseLeader('jobs', { afterMs: none })],
    ['refuseConnections(NaN)', (faults) => faults.refuseConnections(none)],
    ['refuseLogins(0.5)', (faults) => faults.refuseLogins(0.5)],
    ['nackPublishes() with an object', (faults) => faults.nackPublishes({} as number)],
    ['nackPublishes() with an unknown filter', (faults) => faults.nackPublishes(1, other)],
    ['returnPublishes() with an unknown filter', (faults) => faults.returnPublishes(1, other)],
    ['loseConfirms(-1)', (faults) => faults.loseConfirms(-1)],
    ["loseAcks('2')", (faults) => faults.loseAcks('2' as unknown as number)],
    ['splitReads(0)', (faults) => faults.splitReads(0)],
    ['cancelConsumers() of a missing queue', (faults) => faults.cancelConsumers('job')],
    ['cancelNewConsumers() NaN times', (faults) => faults.cancelNewConsumers('jobs', { times: none })],
  ])('is refused: %s', (_call, call) => {
    expect(() => call(broker.faults)).toThrow(UsageError);
  });
});
