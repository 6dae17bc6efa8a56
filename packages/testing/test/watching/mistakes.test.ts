import { protocolHeader } from '@puka/wire';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { Mistakes } from '../../src/watching/mistakes.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual' });
});

afterEach(async () => {
  await broker.stop();
});

it('shows what closed a channel, with the method and its fields', async () => {
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(3);
  await peer.call(3, { type: 'basic.get', queue: 'none' });
  expect(broker.mistakes).toMatchObject([
    {
      ...{ connection: 'memory 1', channel: 3, ended: 'channel', replyCode: 404, method: 'basic.get' },
      replyText: "NOT_FOUND - no queue 'none' in vhost '/'",
      request: { type: 'basic.get', queue: 'none' },
    },
  ]);
  broker.forgetMistakes();
  expect(broker.mistakes).toEqual([]);
});

it('shows what closed a connection, on a channel and beside', async () => {
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  peer.send(1, { type: 'basic.qos', prefetchSize: 7 });
  await peer.ended();
  const frames = await RawPeer.open(broker.transport(), 0);
  frames.sendBytes(new Uint8Array([9, 0, 0, 0, 0, 0, 0, 206]));
  await frames.next('connection.close');
  expect(broker.mistakes.map(({ channel, ended, replyCode, method }) => [channel, ended, replyCode, method])).toEqual([
    [1, 'connection', 540, 'basic.qos'],
    [0, 'connection', 501, undefined],
  ]);
});

it('shows an acknowledgement that took too long', async () => {
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
  await peer.call(1, { type: 'basic.consume', queue: 'jobs' });
  broker.publish({ routingKey: 'jobs' });
  await broker.advance(1_800_000);
  expect(broker.mistakes).toMatchObject([{ replyCode: 406, method: undefined }]);
});

it('shows a wrong login, and what RabbitMQ ends without an error', async () => {
  await expect(RawPeer.open(broker.transport(), 0, { password: 'wrong' })).rejects.toThrow('ACCESS_REFUSED');
  const peer = await RawPeer.connect(broker.transport(), 0);
  peer.sendBytes(new TextEncoder().encode('GET / HTTP/1.1'));
  await peer.ended();
  expect(broker.mistakes.map(({ replyCode, replyText }) => [replyCode, replyText.slice(0, 40)])).toEqual([
    [403, 'ACCESS_REFUSED - Login was refused using'],
    [undefined, 'a protocol header of another protocol'],
  ]);
});

it('shows nothing that a fault, an operator or a lost connection has caused', async () => {
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  await peer.call(1, { type: 'queue.declare', queue: 'jobs', durable: true });
  const { faults } = broker;
  faults.closeChannels();
  await peer.next('channel.close');
  faults.refuseLogins(1);
  await expect(RawPeer.open(broker.transport(), 0)).rejects.toThrow('ACCESS_REFUSED');
  broker.closeConnections();
  await peer.ended();
  const half = await RawPeer.connect(broker.transport(), 0);
  half.sendBytes(protocolHeader);
  await half.next('connection.start');
  half.drop();
  await half.ended();
  expect(broker.mistakes).toEqual([]);
});

it('keeps no more than its limit', () => {
  const mistakes = new Mistakes(2);
  const mistake = { connection: '', channel: 0, ended: 'channel', replyCode: 404, replyText: '' } as const;
  for (const channel of [1, 2, 3, 4, 5]) {
    mistakes.add({ ...mistake, channel, method: undefined, request: undefined });
  }
  expect(mistakes.all.map(({ channel }) => channel)).toEqual([4, 5]);
});
