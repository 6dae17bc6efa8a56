/** What a broker refuses, with which code, class, method and words: one on RabbitMQ and on the embedded broker. */

import { uniqueName } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import {
  type BasicProperties,
  type BasicPublishFields,
  ByteWriter,
  encodeMethod,
  type FieldObjectInput,
  int64,
  longString,
  type MethodInput,
  uint8,
  writeContentHeader,
} from '@puka/wire';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { RawPeer } from '../raw-peer.ts';

const port = Number(new URL(inject('amqpUrl')).port);
const peers: RawPeer[] = [];

afterEach(() => {
  for (const peer of peers.splice(0)) peer.drop();
});

/** A publish among the steps of a case. */
interface Publish {
  readonly publish: BasicPublishFields;
  readonly properties?: BasicProperties;
}

type Step = MethodInput | Publish;
/** The steps on a channel, and the close that ends them: `q` and `x` are unique names. */
type Case = readonly [name: string, steps: (q: string, x: string) => readonly Step[], close: string];

async function newPeer(): Promise<RawPeer> {
  const peer = await RawPeer.open(nodeConnector, port);
  peers.push(peer);
  await peer.channel(1);
  return peer;
}

/** The close of the channel or the connection that the steps end with. */
async function closeAfter(steps: readonly Step[]): Promise<string> {
  const peer = await newPeer();
  for (const step of steps) {
    if ('publish' in step) peer.publish(1, step.publish, 'x', step.properties);
    else peer.send(1, step);
  }
  return closeOf(peer);
}

async function closeOf(peer: RawPeer): Promise<string> {
  for (;;) {
    const { method } = await peer.nextOn(1);
    if (method.type !== 'channel.close' && method.type !== 'connection.close') continue;
    const { type, replyCode, replyText, classId, methodId } = method;
    return `${type.split('.')[0]} ${replyCode} ${classId},${methodId} ${replyText}`;
  }
}

const declare = (queue: string, more: object = {}): MethodInput => ({
  type: 'queue.declare',
  queue,
  exclusive: true,
  ...more,
});
/** A declare with an argument. */
const withArguments = (value: FieldObjectInput): ((q: string) => readonly Step[]) => {
  return (q) => [declare(q, { arguments: value })];
};

const queueCases: readonly Case[] = [
  [
    'a passive declare of nothing',
    (q) => [declare(q, { passive: true })],
    "channel 404 50,10 NOT_FOUND - no queue 'q' in vhost '/'",
  ],
  [
    'another auto-delete',
    (q) => [declare(q), declare(q, { autoDelete: true })],
    "channel 406 50,10 PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue 'q' in vhost '/': received 'true' but current is 'false'",
  ],
  [
    'another exclusive',
    (q) => [declare(q), declare(q, { exclusive: false })],
    "channel 405 50,10 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.",
  ],
  [
    'an argument that was not there',
    (q) => [declare(q), declare(q, { arguments: { 'x-max-length': 5 } })],
    "channel 406 50,10 PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received the value '5' of type 'signedint' but current is none",
  ],
  [
    'an argument that is missing',
    (q) => [declare(q, { arguments: { 'x-overflow': 'drop-head' } }), declare(q)],
    "channel 406 50,10 PRECONDITION_FAILED - inequivalent arg 'x-overflow' for queue 'q' in vhost '/': received none but current is the value 'drop-head' of type 'longstr'",
  ],
  [
    'an argument of another value',
    (q) => [
      declare(q, { arguments: { 'x-expires': 60000 } }),
      declare(q, { arguments: { 'x-expires': int64(60001) } }),
    ],
    "channel 406 50,10 PRECONDITION_FAILED - inequivalent arg 'x-expires' for queue 'q' in vhost '/': received '60001' but current is '60000'",
  ],
  [
    'a reserved name',
    () => [declare('amq.mine')],
    "channel 403 50,10 ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
  ],
  [
    'a type nobody knows',
    withArguments({ 'x-queue-type': 'odd' }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'q' in vhost '/': \"unsupported queue type 'odd'\"",
  ],
  [
    'a length that is text',
    withArguments({ 'x-max-length': 'five' }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q' in vhost '/': \"expected integer, got longstr\"",
  ],
  [
    'a negative length',
    withArguments({ 'x-max-length': -1 }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q' in vhost '/': {value_negative,-1}",
  ],
  [
    'a negative time to live',
    withArguments({ 'x-message-ttl': -1 }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'q' in vhost '/': {value_negative,-1}",
  ],
  [
    'a time to live beyond all bounds',
    withArguments({ 'x-message-ttl': 315360000001 }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'q' in vhost '/': {value_too_large,315360000001}",
  ],
  [
    'an expiry of zero',
    withArguments({ 'x-expires': 0 }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-expires' for queue 'q' in vhost '/': {value_zero,0}",
  ],
  [
    'too many priorities',
    withArguments({ 'x-max-priority': 256 }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue 'q' in vhost '/': {max_value_exceeded,256}",
  ],
  [
    'an overflow nobody knows',
    withArguments({ 'x-overflow': 'burst' }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-overflow' for queue 'q' in vhost '/': invalid_overflow",
  ],
  [
    'a dead letter exchange that is no text',
    withArguments({ 'x-dead-letter-exchange': 5 }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'",
  ],
  [
    'a dead letter routing key without an exchange',
    withArguments({ 'x-dead-letter-routing-key': 'k' }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue 'q' in vhost '/': routing_key_but_no_dlx_defined",
  ],
  [
    'a single active consumer that is no boolean',
    withArguments({ 'x-single-active-consumer': 'yes' }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-single-active-consumer' for queue 'q' in vhost '/': {unacceptable_type,longstr}",
  ],
  [
    'a mode nobody knows',
    withArguments({ 'x-queue-mode': 'fast' }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-queue-mode' for queue 'q' in vhost '/': \"unsupported queue mode 'fast'\"",
  ],
  [
    'an argument of another type of queue',
    withArguments({ 'x-max-age': '1h' }),
    "channel 406 50,10 PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'q' in vhost '/' of queue type rabbit_classic_queue",
  ],
  [
    'a quorum queue that is exclusive',
    (q) => [declare(q, { durable: true, arguments: { 'x-queue-type': 'quorum' } })],
    "channel 406 50,10 PRECONDITION_FAILED - invalid property 'exclusive-owner' for queue 'q' in vhost '/'",
  ],
  [
    'a quorum queue that is not durable',
    (q) => [declare(q, { exclusive: false, arguments: { 'x-queue-type': 'quorum' } })],
    "channel 406 50,10 PRECONDITION_FAILED - invalid property 'non-durable' for queue 'q' in vhost '/'",
  ],
  [
    'a quorum queue without a name',
    () => [declare('', { exclusive: false, durable: true, arguments: { 'x-queue-type': 'quorum' } })],
    'channel 406 50,10 PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue',
  ],
  [
    'an empty name, none declared before',
    () => [{ type: 'queue.purge' }],
    'channel 404 50,30 NOT_FOUND - no previously declared queue',
  ],
  [
    'purging nothing',
    (q) => [{ type: 'queue.purge', queue: q }],
    "channel 404 50,30 NOT_FOUND - no queue 'q' in vhost '/'",
  ],
  [
    'deleting what is not empty',
    (q) => [declare(q), { publish: { routingKey: q } }, { type: 'queue.delete', queue: q, ifEmpty: true }],
    "channel 406 50,40 PRECONDITION_FAILED - queue 'q' in vhost '/' not empty",
  ],
  [
    'deleting what is in use',
    (q) => [declare(q), { type: 'basic.consume', queue: q }, { type: 'queue.delete', queue: q, ifUnused: true }],
    "channel 406 50,40 PRECONDITION_FAILED - queue 'q' in vhost '/' in use",
  ],
  [
    'binding nothing',
    (q) => [{ type: 'queue.bind', queue: q, exchange: 'amq.direct' }],
    "channel 404 50,20 NOT_FOUND - no queue 'q' in vhost '/'",
  ],
  [
    'binding to nothing',
    (q, x) => [declare(q), { type: 'queue.bind', queue: q, exchange: x }],
    "channel 404 50,20 NOT_FOUND - no exchange 'x' in vhost '/'",
  ],
  [
    'binding to the default exchange',
    (q) => [declare(q), { type: 'queue.bind', queue: q, exchange: '' }],
    'channel 403 50,20 ACCESS_REFUSED - operation not permitted on the default exchange',
  ],
  [
    'an x-match nobody knows',
    (q) => [declare(q), { type: 'queue.bind', queue: q, exchange: 'amq.headers', arguments: { 'x-match': 'some' } }],
    'channel 406 50,20 PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
  ],
  [
    'an x-match that is no text',
    (q) => [declare(q), { type: 'queue.bind', queue: q, exchange: 'amq.headers', arguments: { 'x-match': 5 } }],
    'channel 406 50,20 PRECONDITION_FAILED - Invalid x-match field type signedint (value 5); expected longstr',
  ],
];

const exchangeCases: readonly Case[] = [
  [
    'a passive declare of nothing',
    (_q, x) => [{ type: 'exchange.declare', exchange: x, passive: true }],
    "channel 404 40,10 NOT_FOUND - no exchange 'x' in vhost '/'",
  ],
  [
    'a type nobody knows',
    (_q, x) => [{ type: 'exchange.declare', exchange: x, exchangeType: 'odd' }],
    "connection 503 40,10 COMMAND_INVALID - unknown exchange type 'odd'",
  ],
  [
    'another type',
    () => [{ type: 'exchange.declare', exchange: 'amq.direct', exchangeType: 'fanout', durable: true }],
    "channel 406 40,10 PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'amq.direct' in vhost '/': received 'fanout' but current is 'direct'",
  ],
  [
    'another durable',
    () => [{ type: 'exchange.declare', exchange: 'amq.direct', exchangeType: 'direct' }],
    "channel 406 40,10 PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': received 'false' but current is 'true'",
  ],
  [
    'another internal',
    () => [{ type: 'exchange.declare', exchange: 'amq.direct', exchangeType: 'direct', durable: true, internal: true }],
    "channel 406 40,10 PRECONDITION_FAILED - inequivalent arg 'internal' for exchange 'amq.direct' in vhost '/': received 'true' but current is 'false'",
  ],
  [
    'a reserved name',
    () => [{ type: 'exchange.declare', exchange: 'amq.mine' }],
    "channel 403 40,10 ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
  ],
  [
    'an alternate exchange that is no text',
    (_q, x) => [{ type: 'exchange.declare', exchange: x, arguments: { 'alternate-exchange': true } }],
    "channel 406 40,10 PRECONDITION_FAILED - invalid type 'bool' for arg 'alternate-exchange' in exchange 'x' in vhost '/'",
  ],
  [
    'the default exchange',
    () => [{ type: 'exchange.declare', exchange: '' }],
    'channel 403 40,10 ACCESS_REFUSED - operation not permitted on the default exchange',
  ],
  [
    'deleting one of the broker',
    () => [{ type: 'exchange.delete', exchange: 'amq.topic' }],
    "channel 403 40,20 ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed",
  ],
  [
    'deleting what is in use',
    (q, x) => [
      declare(q),
      { type: 'exchange.declare', exchange: x, autoDelete: true },
      { type: 'queue.bind', queue: q, exchange: x },
      { type: 'exchange.delete', exchange: x, ifUnused: true },
    ],
    "channel 406 40,20 PRECONDITION_FAILED - exchange 'x' in vhost '/' in use",
  ],
  [
    'binding nothing',
    (_q, x) => [{ type: 'exchange.bind', destination: x, source: 'amq.direct' }],
    "channel 404 40,30 NOT_FOUND - no exchange 'x' in vhost '/'",
  ],
];

const basicCases: readonly Case[] = [
  [
    'publishing to nothing',
    (_q, x) => [{ publish: { exchange: x } }],
    "channel 404 60,40 NOT_FOUND - no exchange 'x' in vhost '/'",
  ],
  [
    'publishing with immediate',
    () => [{ publish: { immediate: true } }],
    'connection 540 60,40 NOT_IMPLEMENTED - immediate=true',
  ],
  [
    'publishing to an internal exchange',
    () => [{ publish: { exchange: 'amq.rabbitmq.trace' } }],
    "channel 403 60,40 ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'",
  ],
  [
    'publishing in a foreign name',
    () => [{ publish: {}, properties: { userId: 'somebody' } }],
    "channel 406 60,40 PRECONDITION_FAILED - user_id property set to 'somebody' but authenticated user was 'guest'",
  ],
  [
    'an expiration that is text',
    () => [{ publish: {}, properties: { expiration: 'soon' } }],
    "channel 406 60,40 PRECONDITION_FAILED - invalid expiration 'soon': no_integer",
  ],
  [
    'an expiration with a fraction',
    () => [{ publish: {}, properties: { expiration: '1.5' } }],
    'channel 406 60,40 PRECONDITION_FAILED - invalid expiration \'1.5\': {leftover_string,".5"}',
  ],
  [
    'a negative expiration',
    () => [{ publish: {}, properties: { expiration: '-1' } }],
    "channel 406 60,40 PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}",
  ],
  [
    'an expiration beyond all bounds',
    () => [{ publish: {}, properties: { expiration: '99999999999999999' } }],
    "channel 406 60,40 PRECONDITION_FAILED - invalid expiration '99999999999999999': {value_too_large,99999999999999999}",
  ],
  [
    'a delivery mode nobody knows',
    () => [{ publish: {}, properties: { deliveryMode: 3 } }],
    'channel 406 60,40 PRECONDITION_FAILED - invalid message: {delivery_mode_unknown,3}',
  ],
  [
    'a CC that is not an array',
    () => [{ publish: {}, properties: { headers: { CC: longString('k') } } }],
    'channel 406 60,40 PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}',
  ],
  [
    'a BCC that is not an array',
    () => [{ publish: {}, properties: { headers: { BCC: uint8(5) } } }],
    'channel 406 60,40 PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"BCC",unsignedbyte}',
  ],
  [
    'direct replies to nobody',
    () => [{ publish: {}, properties: { replyTo: 'amq.rabbitmq.reply-to' } }],
    'channel 406 60,40 PRECONDITION_FAILED - fast reply consumer does not exist',
  ],
  [
    'consuming from nothing',
    (q) => [{ type: 'basic.consume', queue: q }],
    "channel 404 60,20 NOT_FOUND - no queue 'q' in vhost '/'",
  ],
  [
    'consuming from no name',
    () => [{ type: 'basic.consume' }],
    'channel 404 60,20 NOT_FOUND - no previously declared queue',
  ],
  [
    'a consumer tag twice',
    (q) => [
      declare(q),
      { type: 'basic.consume', queue: q, consumerTag: 'c' },
      { type: 'basic.consume', queue: q, consumerTag: 'c' },
    ],
    "connection 530 60,20 NOT_ALLOWED - attempt to reuse consumer tag 'c'",
  ],
  [
    'consuming beside an exclusive consumer',
    (q) => [declare(q), { type: 'basic.consume', queue: q, exclusive: true }, { type: 'basic.consume', queue: q }],
    "channel 403 60,20 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
  ],
  [
    'consuming exclusively beside another',
    (q) => [declare(q), { type: 'basic.consume', queue: q }, { type: 'basic.consume', queue: q, exclusive: true }],
    "channel 403 60,20 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
  ],
  [
    'a priority that is text',
    (q) => [declare(q), { type: 'basic.consume', queue: q, arguments: { 'x-priority': 'high' } }],
    "channel 406 60,20 PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected integer, got longstr\"",
  ],
  [
    'direct replies with acks',
    () => [{ type: 'basic.consume', queue: 'amq.rabbitmq.reply-to' }],
    'channel 406 60,20 PRECONDITION_FAILED - reply consumer cannot acknowledge',
  ],
  [
    'direct replies twice',
    () => [
      { type: 'basic.consume', queue: 'amq.rabbitmq.reply-to', noAck: true },
      { type: 'basic.consume', queue: 'amq.rabbitmq.reply-to', noAck: true },
    ],
    'channel 406 60,20 PRECONDITION_FAILED - reply consumer already set',
  ],
  [
    'getting from nothing',
    (q) => [{ type: 'basic.get', queue: q }],
    "channel 404 60,70 NOT_FOUND - no queue 'q' in vhost '/'",
  ],
  [
    'acking what was not delivered',
    () => [{ type: 'basic.ack', deliveryTag: 1 }],
    'channel 406 60,80 PRECONDITION_FAILED - unknown delivery tag 1',
  ],
  [
    'acking zero',
    () => [{ type: 'basic.ack', deliveryTag: 0 }],
    'channel 406 60,80 PRECONDITION_FAILED - unknown delivery tag 0',
  ],
  [
    'acking up to what is not there',
    () => [{ type: 'basic.ack', deliveryTag: 7, multiple: true }],
    'channel 406 60,80 PRECONDITION_FAILED - unknown delivery tag 7',
  ],
  [
    'nacking what was not delivered',
    () => [{ type: 'basic.nack', deliveryTag: 1 }],
    'channel 406 60,120 PRECONDITION_FAILED - unknown delivery tag 1',
  ],
  [
    'rejecting what was not delivered',
    () => [{ type: 'basic.reject', deliveryTag: 1 }],
    'channel 406 60,90 PRECONDITION_FAILED - unknown delivery tag 1',
  ],
  [
    'recovering without requeue',
    () => [{ type: 'basic.recover', requeue: false }],
    'connection 540 60,110 NOT_IMPLEMENTED - requeue=false',
  ],
  [
    'a prefetch size',
    () => [{ type: 'basic.qos', prefetchSize: 5 }],
    'connection 540 60,10 NOT_IMPLEMENTED - prefetch_size!=0 (5)',
  ],
  [
    'a consumer of the last queue where none was declared, though its tag is in use',
    (q) => [
      { publish: { exchange: 'amq.fanout', routingKey: q } },
      { type: 'basic.consume', queue: 'amq.rabbitmq.reply-to', consumerTag: 't', noAck: true },
      { type: 'basic.consume', queue: '', consumerTag: 't' },
    ],
    'channel 404 60,20 NOT_FOUND - no previously declared queue',
  ],
  [
    'a CC that is no list, before a delivery mode that is none',
    (q) => [{ publish: { routingKey: q }, properties: { headers: { CC: 'a' }, deliveryMode: 3 } }],
    'channel 406 60,40 PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}',
  ],
  [
    'stopping the flow',
    () => [{ type: 'channel.flow', active: false }],
    'connection 540 20,20 NOT_IMPLEMENTED - active=false',
  ],
  [
    'a transaction on a channel with confirms',
    () => [{ type: 'confirm.select' }, { type: 'tx.select' }],
    'channel 406 90,10 PRECONDITION_FAILED - cannot switch from confirm to tx mode',
  ],
  [
    'confirms on a channel with transactions',
    () => [{ type: 'tx.select' }, { type: 'confirm.select' }],
    'channel 406 85,10 PRECONDITION_FAILED - cannot switch from tx to confirm mode',
  ],
  [
    'a commit without a transaction',
    () => [{ type: 'tx.commit' }],
    'channel 406 90,20 PRECONDITION_FAILED - channel is not transactional',
  ],
  [
    'a rollback without a transaction',
    () => [{ type: 'tx.rollback' }],
    'channel 406 90,30 PRECONDITION_FAILED - channel is not transactional',
  ],
  [
    'a transaction that a queue has no room for',
    (q) => [
      declare(q, { arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' } }),
      { type: 'tx.select' },
      { publish: { routingKey: q } },
      { type: 'tx.commit' },
    ],
    'channel 406 90,20 PRECONDITION_FAILED - partial tx completion',
  ],
];

describe.each([
  ['a queue', queueCases],
  ['an exchange', exchangeCases],
  ['messages', basicCases],
])('refused of %s', (_name, cases) => {
  it.each(cases)('%s', async (_case, steps, close) => {
    const [q, x] = [uniqueName('q'), uniqueName('x')];
    expect((await closeAfter(steps(q, x))).replaceAll(`'${q}'`, "'q'").replaceAll(`'${x}'`, "'x'")).toBe(close);
  });
});

/** A peer that has sent what was written, with NaN in place of each 1.5: the encoder takes none. */
async function peerAfterNaN(write: (writer: ByteWriter) => void): Promise<RawPeer> {
  const peer = await newPeer();
  const writer = new ByteWriter();
  write(writer);
  const octets = Buffer.concat(writer.take()).toString('hex');
  peer.sendBytes(Buffer.from(octets.replaceAll('3ff8000000000000', '7ff8000000000000'), 'hex'));
  return peer;
}

it('ends the connection over NaN in the headers of a message, which it cannot decode', async () => {
  const peer = await peerAfterNaN((writer) => {
    encodeMethod(writer, 1, { type: 'basic.publish', exchange: 'amq.fanout' });
    writeContentHeader(writer, 1, 0, { headers: { x: [1.5] } }, 0);
  });
  expect(await closeOf(peer)).toBe('connection 541 0,0 INTERNAL_ERROR');
});

it.each<MethodInput>([
  { type: 'queue.declare', queue: '', exclusive: true, arguments: { x: 1.5 } },
  { type: 'queue.bind', queue: '', exchange: 'amq.headers', arguments: { x: [1.5] } },
  { type: 'basic.consume', queue: '', arguments: { x: { y: 1.5 } } },
])('drops the connection without a close over NaN in the arguments of a method: $type', async (method) => {
  const peer = await peerAfterNaN((writer) => encodeMethod(writer, 1, method));
  await peer.ended();
  expect(peer.heard.at(-1)?.method.type).toBe('channel.open-ok');
});
