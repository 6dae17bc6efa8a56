/** What a client sends in a long and blameless conversation, frame by frame. Must not be random. */
import {
  type BasicProperties,
  type BasicPublishFields,
  ByteWriter,
  encodeBasicPublish,
  encodeMethod,
  type MethodInput,
  protocolHeader,
  writeBody,
  writeContentHeader,
  writeHeartbeat,
} from '@puka/wire';

const frameMaxBytes = 4096;
const writer = new ByteWriter();

function frame(channel: number, method: MethodInput): Uint8Array {
  encodeMethod(writer, channel, method);
  return joined();
}

function publish(channel: number, fields: BasicPublishFields, size: number, properties: BasicProperties): Uint8Array[] {
  const frames: Uint8Array[] = [];
  encodeBasicPublish(writer, channel, fields);
  frames.push(joined());
  writeContentHeader(writer, channel, size, properties, 0);
  frames.push(joined());
  for (let at = 0; at < size; at += frameMaxBytes - 8) {
    writeBody(writer, channel, new Uint8Array(Math.min(frameMaxBytes - 8, size - at)).fill(0x61), frameMaxBytes);
    frames.push(joined());
  }
  return frames;
}

function joined(): Uint8Array {
  const chunks = writer.take();
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function heartbeat(): Uint8Array {
  writeHeartbeat(writer);
  return joined();
}

const capabilities = { consumer_cancel_notify: true, 'connection.blocked': true, authentication_failure_close: true };
const dead = { 'x-dead-letter-exchange': 'dead', 'x-dead-letter-routing-key': 'a.b', 'x-max-length': 3 };

/** The frames of the conversation; the first is the protocol header. */
export const conversation: readonly Uint8Array[] = [
  protocolHeader.slice(),
  frame(0, {
    ...{ type: 'connection.start-ok', mechanism: 'PLAIN', response: '\0guest\0guest', locale: 'en_US' },
    clientProperties: { product: 'fuzz', capabilities },
  }),
  frame(0, { type: 'connection.tune-ok', channelMax: 100, frameMax: frameMaxBytes, heartbeat: 10 }),
  frame(0, { type: 'connection.open', virtualHost: '/' }),
  frame(1, { type: 'channel.open' }),
  frame(2, { type: 'channel.open' }),
  frame(1, { type: 'exchange.declare', exchange: 'dead', exchangeType: 'topic', autoDelete: true }),
  frame(1, { type: 'exchange.declare', exchange: 'h', exchangeType: 'headers', arguments: { note: 'größer' } }),
  frame(1, { type: 'queue.declare', queue: 'jobs', arguments: dead }),
  frame(1, { type: 'queue.declare', queue: 'own', exclusive: true, arguments: { 'x-max-priority': 3 } }),
  frame(1, { type: 'queue.declare', queue: 'q', durable: true, arguments: { 'x-queue-type': 'quorum' } }),
  frame(1, { type: 'queue.declare', queue: 's', durable: true, arguments: { 'x-queue-type': 'stream' } }),
  frame(1, { type: 'queue.declare', queue: '', exclusive: true, autoDelete: true }),
  frame(1, { type: 'queue.bind', queue: 'own', exchange: 'dead', routingKey: '#' }),
  frame(1, { type: 'queue.bind', queue: 'jobs', exchange: 'h', arguments: { 'x-match': 'any', a: 1, b: [true, 'x'] } }),
  frame(1, { type: 'exchange.bind', source: 'dead', destination: 'h', routingKey: 'a.*' }),
  frame(1, { type: 'confirm.select' }),
  ...publish(1, { routingKey: 'jobs' }, 5, { deliveryMode: 2, messageId: 'm-1', headers: { a: 1 } }),
  ...publish(1, { routingKey: 'nowhere', mandatory: true }, 0, { replyTo: 'own', timestamp: new Date(0) }),
  ...publish(1, { exchange: 'h' }, 4500, { headers: { a: 1, CC: ['q', 's'], BCC: ['own'] }, expiration: '60000' }),
  ...publish(1, { exchange: 'dead', routingKey: 'a.b.c' }, 40, { priority: 2, correlationId: 'für' }),
  ...publish(1, { routingKey: 'q' }, 10, {}),
  ...publish(1, { routingKey: 's' }, 10, { headers: { n: null } }),
  heartbeat(),
  frame(2, { type: 'basic.qos', prefetchCount: 2 }),
  frame(2, { type: 'basic.consume', queue: 'jobs', consumerTag: 'c1' }),
  frame(2, { type: 'basic.consume', queue: 'q', consumerTag: 'c2', arguments: { 'x-priority': 1 } }),
  frame(2, { type: 'basic.consume', queue: 's', consumerTag: 'c3', arguments: { 'x-stream-offset': 'first' } }),
  frame(2, { type: 'basic.consume', queue: 'own', consumerTag: 'c4', noAck: true }),
  frame(2, { type: 'basic.ack', deliveryTag: 1 }),
  frame(2, { type: 'basic.nack', deliveryTag: 2, requeue: true }),
  frame(2, { type: 'basic.reject', deliveryTag: 3, requeue: false }),
  frame(2, { type: 'basic.recover', requeue: true }),
  frame(2, { type: 'basic.cancel', consumerTag: 'c1' }),
  frame(3, { type: 'channel.open' }),
  frame(3, { type: 'basic.consume', queue: 'amq.rabbitmq.reply-to', noAck: true, consumerTag: 'r' }),
  ...publish(3, { routingKey: 'jobs' }, 3, { replyTo: 'amq.rabbitmq.reply-to' }),
  frame(3, { type: 'tx.select' }),
  ...publish(3, { routingKey: 'jobs' }, 3, { contentType: 'text/plain', userId: 'guest' }),
  frame(3, { type: 'basic.get', queue: 'jobs' }),
  frame(3, { type: 'basic.ack', deliveryTag: 0, multiple: true }),
  frame(3, { type: 'tx.commit' }),
  frame(3, { type: 'tx.rollback' }),
  frame(3, { type: 'channel.flow', active: true }),
  frame(0, { type: 'connection.update-secret', newSecret: 'x', reason: 'rotation' }),
  frame(1, { type: 'queue.unbind', queue: 'own', exchange: 'dead', routingKey: '#' }),
  frame(1, { type: 'exchange.unbind', source: 'dead', destination: 'h', routingKey: 'a.*' }),
  frame(1, { type: 'queue.purge', queue: 'own' }),
  frame(1, { type: 'exchange.delete', exchange: 'h' }),
  frame(1, { type: 'queue.delete', queue: 'own' }),
  frame(1, { type: 'queue.delete', queue: 'q' }),
  frame(2, { type: 'channel.close', replyCode: 200, replyText: 'done' }),
  frame(0, { type: 'connection.close', replyCode: 200, replyText: 'bye' }),
];
