/** Names that are no UTF-8: one on RabbitMQ and on the embedded broker. */
import { nodeConnector } from '@puka/transport/node';
import { ByteWriter, encodeMethod, type MethodInput, writeContentHeader } from '@puka/wire';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { RawPeer } from '../raw-peer.ts';

const port = Number(new URL(inject('amqpUrl')).port);
let peer: RawPeer;

beforeEach(async () => {
  peer = await RawPeer.open(nodeConnector, port);
  await peer.channel(1);
});

afterEach(() => peer.drop());

/** The frame of a method in which each `~` is an octet 0xFF. */
function malformed(channel: number, method: MethodInput): Uint8Array {
  return peer.encoded(channel, method).map((octet) => (octet === 0x7e ? 0xff : octet));
}

const long = '~'.repeat(100);

it.each<[MethodInput]>([
  [{ type: 'queue.declare', queue: long }],
  [{ type: 'queue.declare', queue: 'a~', passive: true }],
  [{ type: 'queue.delete', queue: long }],
  [{ type: 'queue.purge', queue: long }],
  [{ type: 'queue.bind', queue: 'q', exchange: 'amq.topic', routingKey: '~' }],
  [{ type: 'queue.unbind', queue: 'q', exchange: 'amq.topic', routingKey: '~' }],
  [{ type: 'exchange.declare', exchange: long, exchangeType: 'direct' }],
  [{ type: 'exchange.declare', exchange: 'x', exchangeType: long }],
  [{ type: 'exchange.delete', exchange: long }],
  [{ type: 'exchange.bind', source: '~', destination: 'amq.topic', routingKey: '' }],
  [{ type: 'exchange.unbind', source: 'amq.topic', destination: '~', routingKey: '' }],
  [{ type: 'basic.consume', queue: 'q', consumerTag: long }],
  [{ type: 'basic.cancel', consumerTag: long }],
  [{ type: 'basic.get', queue: long }],
  [{ type: 'channel.close', replyCode: 200, replyText: '~' }],
])('ends the connection over a text that is no UTF-8: %o', async (method) => {
  peer.sendBytes(malformed(1, method));
  const { replyCode, replyText, classId, methodId } = (await peer.next('connection.close')).method as never;
  expect([replyCode, replyText, classId, methodId]).toEqual([501, 'FRAME_ERROR - Malformed UTF-8 in shortstr', 0, 0]);
});

it.each<[MethodInput, number]>([
  [{ type: 'connection.open', virtualHost: long }, 40],
  [{ type: 'connection.close', replyCode: 200, replyText: '~' }, 50],
  [{ type: 'connection.update-secret', newSecret: 'x', reason: '~' }, 70],
])('names the method where it is on channel 0: %o', async (method, methodId) => {
  peer.sendBytes(malformed(0, method));
  expect((await peer.next('connection.close')).method).toMatchObject({ replyCode: 501, classId: 10, methodId });
});

it('takes every octet in arguments, in a routing key to publish with and in properties', async () => {
  const queue = { type: 'queue.declare', queue: '', exclusive: true } as const;
  peer.sendBytes(malformed(1, { ...queue, arguments: { 'x-dead-letter-exchange': '~', 'y~': '~' } }));
  await peer.next('queue.declare-ok');
  const writer = new ByteWriter();
  encodeMethod(writer, 1, { type: 'basic.publish', exchange: '', routingKey: '~', mandatory: true });
  writeContentHeader(writer, 1, 0, { appId: '~', headers: { '~': '~' } }, 0);
  const bytes = Buffer.concat(writer.take()).map((octet) => (octet === 0x7e ? 0xff : octet));
  peer.sendBytes(bytes);
  expect((await peer.next('basic.return')).method).toMatchObject({ replyCode: 312 });
});

it('takes text of every length in octets, and surrogates, which Erlang lets pass', async () => {
  const queue = 'aä€😀';
  peer.send(1, { type: 'queue.declare', queue, exclusive: true });
  expect((await peer.next('queue.declare-ok')).method).toMatchObject({ queue });
  const surrogate = [0xed, 0xa0, 0x80];
  let at = 0;
  const frame = peer.encoded(1, { type: 'queue.declare', queue: 'a~~~', exclusive: true });
  peer.sendBytes(frame.map((octet) => (octet === 0x7e ? (surrogate[at++] ?? 0) : octet)));
  await peer.next('queue.declare-ok');
});

it.each([
  ['two octets for one', [0xc1, 0x81]],
  ['three octets for two', [0xe0, 0x82, 0x80]],
  ['an octet that follows none', [0x80]],
  ['an octet that is missing', [0xe2, 0x82]],
])('refuses %s', async (_name, octets) => {
  let at = 0;
  const frame = peer.encoded(1, { type: 'queue.declare', queue: '~'.repeat(octets.length), exclusive: true });
  peer.sendBytes(frame.map((octet) => (octet === 0x7e ? (octets[at++] ?? 0) : octet)));
  expect((await peer.next('connection.close')).method).toMatchObject({ replyCode: 501 });
});
