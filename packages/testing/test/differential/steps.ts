/** Random steps of a program. Must not know where they are done. */
import type { BasicProperties, FieldObjectInput, MethodInput } from '@puka/wire';
import fc from 'fast-check';
import { exchange, often, queue, routingKeys, seldom } from './choices.ts';
import { bindExchange, bindQueue, declareExchange, declareQueue, declareQuorumQueue, headers } from './declares.ts';
import type { CloseOperation, MethodOperation, PublishOperation, SettleOperation } from './operation.ts';

/** What is done, without the place. */
export type Step = MethodOperation | PublishOperation | SettleOperation | CloseOperation;

const copies = fc.array(fc.constantFrom(...routingKeys), { minLength: 1, maxLength: 2 });
const messageHeaders: fc.Arbitrary<FieldObjectInput | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<FieldObjectInput | undefined>(undefined) },
  { weight: 4, arbitrary: headers },
  { weight: 1, arbitrary: copies.map((keys) => ({ CC: keys })) },
  { weight: 1, arbitrary: copies.map((keys) => ({ BCC: keys })) },
  { weight: 1, arbitrary: fc.constantFrom<FieldObjectInput>({ CC: 'a' }, { 'x-death': 'odd' }, { 'x-death': [] }) },
);
const properties: fc.Arbitrary<BasicProperties> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 5, 200).map((priority) => ({ priority })) },
  { weight: 2, arbitrary: fc.constantFrom('0', '60000', '-1', 'soon', '1x').map((expiration) => ({ expiration })) },
  { weight: 1, arbitrary: fc.constantFrom('guest', 'other').map((userId) => ({ userId })) },
  { weight: 2, arbitrary: fc.constantFrom(1, 2, 3).map((deliveryMode) => ({ deliveryMode })) },
  {
    weight: 2,
    arbitrary: fc.constant({
      ...{ contentType: 'text/plain', contentEncoding: 'identity', correlationId: 'c', replyTo: 'r' },
      ...{ messageId: 'm', timestamp: 1_700_000_000, type: 't', appId: 'a' },
    }),
  },
);
/** Messages to one queue, by the default exchange. */
export function publishTo(name: string): fc.Arbitrary<PublishOperation> {
  return fc.record({
    type: fc.constant('publish'),
    exchange: fc.constant(''),
    routingKey: fc.constant(name),
    mandatory: often,
    count: fc.constantFrom(1, 1, 2, 3, 4),
    bodyBytes: fc.constantFrom(4, 4, 10),
    properties,
    headers: messageHeaders,
  });
}

const publish: fc.Arbitrary<PublishOperation> = fc.record({
  type: fc.constant('publish'),
  exchange: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 6, arbitrary: exchange }),
  routingKey: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('qa~', 'qb~') },
    { weight: 1, arbitrary: fc.constant('qq~') },
    { weight: 3, arbitrary: fc.constantFrom(...routingKeys) },
  ),
  mandatory: often,
  count: fc.constantFrom(1, 1, 1, 2, 4),
  bodyBytes: fc.constantFrom(4, 4, 4, 10),
  properties,
  headers: messageHeaders,
});

const tag = fc.constantFrom('t1', 't1', 't2', 't2', 't3', 't3', '');
/** A subscription to a queue. */
export function consumeFrom(name: fc.Arbitrary<string>): fc.Arbitrary<Step> {
  return fc
    .record({
      queue: name,
      consumerTag: tag,
      noAck: often,
      exclusive: seldom,
      arguments: fc.constantFrom<FieldObjectInput>({}, {}, {}, { 'x-priority': 5 }, { 'x-priority': -1 }),
    })
    .map((fields) => ({ type: 'method', method: { type: 'basic.consume', ...fields } }));
}

/** A get. */
export function getFrom(name: fc.Arbitrary<string>): fc.Arbitrary<Step> {
  return fc
    .record({ queue: name, noAck: often })
    .map((fields) => ({ type: 'method', method: { type: 'basic.get', ...fields } }));
}

/** Settles something. */
export const settle: fc.Arbitrary<Step> = fc.record({
  type: fc.constant('settle'),
  how: fc.constantFrom('ack', 'ack', 'nack', 'reject'),
  choice: fc.nat(6),
  multiple: often,
  requeue: fc.boolean(),
});

const rare: fc.Arbitrary<MethodInput> = fc.oneof(
  fc.constant<MethodInput>({ type: 'basic.recover', requeue: true }),
  fc.constant<MethodInput>({ type: 'basic.recover', requeue: false }),
  fc.constant<MethodInput>({ type: 'confirm.select' }),
  fc.constant<MethodInput>({ type: 'confirm.select' }),
  fc.constant<MethodInput>({ type: 'tx.select' }),
  fc.constant<MethodInput>({ type: 'tx.commit' }),
  fc.constant<MethodInput>({ type: 'tx.rollback' }),
  fc.constant<MethodInput>({ type: 'basic.ack', deliveryTag: 99 }),
  fc.constant<MethodInput>({ type: 'basic.ack', deliveryTag: 0, multiple: true }),
  fc.constant<MethodInput>({ type: 'basic.nack', deliveryTag: 0, multiple: true, requeue: true }),
);

/** Ends a channel or more. */
export const close: fc.Arbitrary<Step> = fc.constantFrom<CloseOperation>(
  { type: 'close', what: 'channel' },
  { type: 'close', what: 'channel' },
  { type: 'close', what: 'connection' },
  { type: 'close', what: 'line' },
);
/** Limits how much may be unacked. */
export const qos: fc.Arbitrary<Step> = asMethod(
  fc
    .tuple(fc.constantFrom(0, 1, 2, 3), seldom)
    .map(([prefetchCount, global]) => ({ type: 'basic.qos', prefetchCount, global })),
);
/** Cancels a consumer, be it there or not. */
export const cancel: fc.Arbitrary<Step> = asMethod(tag.map((consumerTag) => ({ type: 'basic.cancel', consumerTag })));

/** A method as a step. */
export function asMethod(arbitrary: fc.Arbitrary<MethodInput>): fc.Arbitrary<Step> {
  return arbitrary.map((method) => ({ type: 'method', method }));
}

/** Any step. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: asMethod(declareQueue) },
  { weight: 1, arbitrary: asMethod(declareQuorumQueue) },
  { weight: 5, arbitrary: asMethod(declareExchange) },
  { weight: 9, arbitrary: asMethod(bindQueue) },
  { weight: 4, arbitrary: asMethod(bindExchange) },
  { weight: 28, arbitrary: publish },
  { weight: 8, arbitrary: getFrom(queue) },
  {
    weight: 12,
    arbitrary: consumeFrom(
      fc.oneof({ weight: 29, arbitrary: queue }, { weight: 1, arbitrary: fc.constant('amq.rabbitmq.reply-to') }),
    ),
  },
  { weight: 5, arbitrary: cancel },
  { weight: 6, arbitrary: qos },
  { weight: 16, arbitrary: settle },
  { weight: 3, arbitrary: asMethod(queue.map((name) => ({ type: 'queue.purge', queue: name }))) },
  {
    weight: 3,
    arbitrary: asMethod(
      fc
        .tuple(queue, often, often)
        .map(([name, ifUnused, ifEmpty]) => ({ type: 'queue.delete', queue: name, ifUnused, ifEmpty })),
    ),
  },
  {
    weight: 2,
    arbitrary: asMethod(
      fc.tuple(exchange, often).map(([name, ifUnused]) => ({ type: 'exchange.delete', exchange: name, ifUnused })),
    ),
  },
  { weight: 7, arbitrary: asMethod(rare) },
  { weight: 2, arbitrary: close },
);
