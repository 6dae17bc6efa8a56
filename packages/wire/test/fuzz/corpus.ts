/** What the fuzzing starts from: all vectors, and a payload for every method. */

import { ByteWriter, encodeMethod, type MethodInput, methodInfo } from '../../src/index.ts';
import { concat, frameOf, fromHex } from '../hex.ts';
import { badTableVectors } from '../vectors/bad-table-vectors.ts';
import { crashers } from '../vectors/crashers.ts';
import { badFrameVectors, frameVectors } from '../vectors/frame-vectors.ts';
import { headerVectors } from '../vectors/header-vectors.ts';
import { tableVectors } from '../vectors/table-vectors.ts';

/** What bytes are taken for. */
export type Kind = 'stream' | 'method' | 'table' | 'header';

/** One start. */
export interface Sample {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
}

const methods: readonly MethodInput[] = [
  {
    type: 'connection.start',
    versionMajor: 0,
    versionMinor: 9,
    serverProperties: { capabilities: { 'basic.nack': true } },
    mechanisms: Uint8Array.of(65),
    locales: Uint8Array.of(65),
  },
  { type: 'connection.tune', channelMax: 2047, frameMax: 131_072, heartbeat: 60 },
  { type: 'connection.close', replyCode: 320, replyText: 'CONNECTION_FORCED', classId: 0, methodId: 0 },
  { type: 'channel.close', replyCode: 404, replyText: 'NOT_FOUND', classId: 50, methodId: 10 },
  {
    type: 'queue.declare',
    queue: 'work',
    durable: true,
    arguments: { 'x-max-length': 5, 'x-list': ['a', { b: 1.5 }] },
  },
  { type: 'queue.declare-ok', queue: 'work', messageCount: 1, consumerCount: 2 },
  { type: 'exchange.declare', exchange: 'e', exchangeType: 'topic', arguments: {} },
  { type: 'basic.consume', queue: 'work', consumerTag: 'c', arguments: { 'x-stream-offset': 5n } },
  { type: 'basic.publish', exchange: 'e', routingKey: 'rk', mandatory: true },
  { type: 'basic.deliver', consumerTag: 'c', deliveryTag: 2 ** 40, redelivered: true, exchange: 'e', routingKey: 'rk' },
  { type: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: 'e', routingKey: 'rk' },
  { type: 'basic.get-ok', deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'q', messageCount: 7 },
  { type: 'basic.ack', deliveryTag: 2n ** 63n, multiple: true },
];

function frameOfMethod(method: MethodInput): Uint8Array {
  const writer = new ByteWriter(256);
  encodeMethod(writer, 1, method);
  return concat(...writer.take());
}

function methodSamples(): Sample[] {
  const payloads: Uint8Array[] = methods.map((method) => frameOfMethod(method).slice(7, -1));
  for (const id of methodInfo.keys()) {
    // The ids, and zeros for fields: empty strings and tables, false, 0. Too many of them are an error worth meeting.
    payloads.push(concat(Uint8Array.of(id >>> 24, id >>> 16, id >>> 8, id), new Uint8Array(id % 23)));
  }
  return payloads.map((bytes) => ({ kind: 'method', bytes }));
}

function streamSamples(): Sample[] {
  const streams = [...frameVectors, ...badFrameVectors].map(({ bytes }) => bytes);
  for (const { bytes } of headerVectors)
    streams.push(concat(frameOf(2, 1, bytes), frameOf(3, 1, Uint8Array.of(1, 2, 3))));
  streams.push(concat(...methods.map(frameOfMethod)));
  return streams.map((bytes) => ({ kind: 'stream', bytes }));
}

function tableSamples(): Sample[] {
  const small = badTableVectors.filter(({ bytes }) => bytes.length < 1000);
  return [...tableVectors, ...small].map(({ bytes }) => ({ kind: 'table', bytes }));
}

/** The starts, of every kind. */
export const corpus: readonly Sample[] = [
  ...streamSamples(),
  ...methodSamples(),
  ...tableSamples(),
  ...headerVectors.map(({ bytes }): Sample => ({ kind: 'header', bytes })),
  ...crashers.map(({ kind, hex }): Sample => ({ kind, bytes: fromHex(hex) })),
];
