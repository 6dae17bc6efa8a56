/** Makes random programs: few names, so that operations meet each other. Must not run them. */
import { type BasicProperties, type FieldObjectInput, int64, longString, type MethodInput } from '@puka/wire';
import fc from 'fast-check';
import type {
  CloseOperation,
  MethodOperation,
  Operation,
  Program,
  PublishOperation,
  SettleOperation,
} from './operation.ts';

type Step = MethodOperation | PublishOperation | SettleOperation | CloseOperation;

/** The names of queues; the first is the one most used. */
export const queueNames: readonly string[] = ['qa~', 'qb~', 'qc~', 'qd~'];
/** The names of exchanges, each with the type it mostly has. */
export const exchangeNames: readonly string[] = ['xd~', 'xf~', 'xt~', 'xh~'];

const exchangeTypes = ['direct', 'fanout', 'topic', 'headers'];
const routingKeys = ['a', 'b', 'a.b', 'a.b.c', '', ...queueNames.slice(0, 3)];
const patterns = ['a', 'b', '#', '*', 'a.*', 'a.#', '#.c', '*.b.*', '#.b.#', ''];

const often = fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const seldom = fc.oneof({ weight: 19, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const queue = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('qa~', 'qb~') },
  { weight: 5, arbitrary: fc.constantFrom(...queueNames) },
  { weight: 1, arbitrary: fc.constantFrom('', 'none~', 'amq.mine') },
);
// Not `amq.direct` and its like: programs share them, and what one has left bound is another's.
const exchange = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom(...exchangeNames) },
  { weight: 1, arbitrary: fc.constantFrom('', 'none~', 'amq.rabbitmq.trace', 'amq.mine') },
);

const queueArgument: fc.Arbitrary<FieldObjectInput> = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 5).map((limit) => ({ 'x-max-length': limit })),
  fc.constantFrom(0, 5, 12, 40).map((limit) => ({ 'x-max-length-bytes': limit })),
  fc.constantFrom('drop-head', 'reject-publish', 'reject-publish-dlx').map((text) => ({ 'x-overflow': text })),
  fc.constantFrom(0, 60_000).map((ttl) => ({ 'x-message-ttl': ttl })),
  fc.constantFrom(60_000, 90_000).map((ttl) => ({ 'x-expires': ttl })),
  fc.constantFrom('', ...exchangeNames, 'none~').map((name) => ({ 'x-dead-letter-exchange': name })),
  fc
    .constantFrom('a', 'a.b', ...queueNames)
    .map((key) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': key })),
  fc.constantFrom(1, 3, 10).map((most) => ({ 'x-max-priority': most })),
  fc.boolean().map((single) => ({ 'x-single-active-consumer': single })),
  fc.constantFrom('default', 'lazy').map((mode) => ({ 'x-queue-mode': mode })),
  fc.constantFrom(1, 2).map((version) => ({ 'x-queue-version': version })),
  fc.constant({ 'x-queue-type': 'classic' }),
  fc.constant({ 'x-unknown': 'thing' }),
);
const badArgument: fc.Arbitrary<FieldObjectInput> = fc.constantFrom<FieldObjectInput>(
  { 'x-max-length': -1 },
  { 'x-max-length': 'five' },
  { 'x-message-ttl': -1 },
  { 'x-message-ttl': int64(5) },
  { 'x-expires': 0 },
  { 'x-max-priority': 256 },
  { 'x-overflow': 'burst' },
  { 'x-queue-mode': 'odd' },
  { 'x-dead-letter-routing-key': 'a' },
  { 'x-dead-letter-exchange': 5 },
  { 'x-single-active-consumer': 'yes' },
  { 'x-queue-type': 'odd' },
  { 'x-delivery-limit': 3 },
  { 'x-max-age': '1D' },
);
const queueArguments = fc
  .array(fc.oneof({ weight: 24, arbitrary: queueArgument }, { weight: 1, arbitrary: badArgument }), { maxLength: 3 })
  .map((list): FieldObjectInput => Object.assign({}, ...list));

const queueFlags = fc.record({ durable: often, exclusive: seldom, autoDelete: often });
const declareQueue: fc.Arbitrary<MethodInput> = fc
  .tuple(queue, queueFlags, seldom, fc.oneof(fc.constant({}), queueArguments))
  .map(([name, flags, passive, args]) => {
    // A name of the broker's own choice would differ.
    const known = name === '' ? 'qa~' : name;
    return { type: 'queue.declare', queue: known, passive, ...flags, arguments: args };
  });

const alternate: fc.Arbitrary<FieldObjectInput> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constantFrom(...exchangeNames, 'none~').map((name) => ({ 'alternate-exchange': name })) },
);
const declareExchange: fc.Arbitrary<MethodInput> = fc
  .tuple(exchange, seldom, fc.constantFrom(...exchangeTypes, 'odd'), seldom, often, often, seldom, alternate)
  .map(([name, isOther, other, passive, durable, autoDelete, internal, args]) => {
    const usual = exchangeTypes[exchangeNames.indexOf(name)] ?? 'direct';
    const exchangeType = isOther ? other : usual;
    return {
      type: 'exchange.declare',
      exchange: name,
      exchangeType,
      passive,
      durable,
      autoDelete,
      internal,
      arguments: args,
    };
  });

const headerValue = fc.constantFrom<FieldObjectInput[string]>(1, 2, 'one', true, null, longString('one'));
const headers: fc.Arbitrary<FieldObjectInput> = fc.dictionary(fc.constantFrom('h', 'k', 'x-h'), headerValue, {
  maxKeys: 2,
});
const bindArguments: fc.Arbitrary<FieldObjectInput> = fc
  .tuple(
    headers,
    fc.constantFrom<FieldObjectInput>(
      {},
      { 'x-match': 'any' },
      { 'x-match': 'all' },
      { 'x-match': 'any-with-x' },
      { 'x-match': 'all-with-x' },
      { 'x-match': 'odd' },
    ),
  )
  .map(([fields, match]) => ({ ...fields, ...match }));
const bindKey = fc.constantFrom(...patterns, ...routingKeys);
const ends = fc.tuple(
  bindKey,
  fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: bindArguments }),
);

const bindQueue: fc.Arbitrary<MethodInput> = fc
  .tuple(
    fc.constantFrom<'queue.bind' | 'queue.unbind'>('queue.bind', 'queue.bind', 'queue.bind', 'queue.unbind'),
    queue,
    exchange,
    ends,
  )
  .map(([type, name, source, [routingKey, args]]) => ({
    type,
    queue: name,
    exchange: source,
    routingKey,
    arguments: args,
  }));
const bindExchange: fc.Arbitrary<MethodInput> = fc
  .tuple(
    fc.constantFrom<'exchange.bind' | 'exchange.unbind'>('exchange.bind', 'exchange.bind', 'exchange.unbind'),
    exchange,
    exchange,
    ends,
  )
  .map(([type, destination, source, [routingKey, args]]) => ({
    type,
    destination,
    source,
    routingKey,
    arguments: args,
  }));

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
const publish: fc.Arbitrary<PublishOperation> = fc.record({
  type: fc.constant('publish'),
  exchange: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 6, arbitrary: exchange }),
  routingKey: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('qa~', 'qb~') },
    { weight: 3, arbitrary: fc.constantFrom(...routingKeys) },
  ),
  mandatory: often,
  count: fc.constantFrom(1, 1, 1, 2, 4),
  bodyBytes: fc.constantFrom(4, 4, 4, 10),
  properties,
  headers: messageHeaders,
});

const tag = fc.constantFrom('t1', 't2', 't3');
const consume: fc.Arbitrary<MethodInput> = fc
  .tuple(
    queue,
    tag,
    often,
    seldom,
    fc.constantFrom<FieldObjectInput>({}, {}, {}, { 'x-priority': 5 }, { 'x-priority': -1 }),
  )
  .map(([name, consumerTag, noAck, exclusive, args]) => ({
    type: 'basic.consume',
    queue: name,
    consumerTag,
    noAck,
    exclusive,
    arguments: args,
  }));
const settle: fc.Arbitrary<SettleOperation> = fc.record({
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

const asMethod = (arbitrary: fc.Arbitrary<MethodInput>): fc.Arbitrary<Step> =>
  arbitrary.map((method) => ({ type: 'method', method }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: asMethod(declareQueue) },
  { weight: 5, arbitrary: asMethod(declareExchange) },
  { weight: 9, arbitrary: asMethod(bindQueue) },
  { weight: 4, arbitrary: asMethod(bindExchange) },
  { weight: 28, arbitrary: publish },
  {
    weight: 8,
    arbitrary: asMethod(fc.tuple(queue, often).map(([name, noAck]) => ({ type: 'basic.get', queue: name, noAck }))),
  },
  { weight: 12, arbitrary: asMethod(consume) },
  { weight: 5, arbitrary: asMethod(tag.map((consumerTag) => ({ type: 'basic.cancel', consumerTag }))) },
  {
    weight: 6,
    arbitrary: asMethod(
      fc
        .tuple(fc.constantFrom(0, 1, 2, 3), seldom)
        .map(([prefetchCount, global]) => ({ type: 'basic.qos', prefetchCount, global })),
    ),
  },
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
  {
    weight: 2,
    arbitrary: fc.constantFrom<CloseOperation>(
      { type: 'close', what: 'channel' },
      { type: 'close', what: 'channel' },
      { type: 'close', what: 'connection' },
    ),
  },
);

const place = fc.record({ connection: fc.constantFrom(0, 0, 1), channel: fc.constantFrom(1, 1, 2) });
const operation: fc.Arbitrary<Operation> = fc.tuple(place, step).map(([where, what]) => ({ ...where, ...what }));

/** The scene that most programs begin with, each part of it left out now and then. */
const opening: fc.Arbitrary<Program> = fc
  .tuple(
    fc.oneof(fc.constant({}), queueArguments),
    fc.oneof(fc.constant({}), queueArguments),
    fc.subarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 4 }),
  )
  .map(([first, second, kept]) => {
    const methods: MethodInput[] = [
      { type: 'queue.declare', queue: 'qa~', arguments: first },
      { type: 'queue.declare', queue: 'qb~', arguments: second },
      ...exchangeNames.map(
        (name, at): MethodInput => ({
          type: 'exchange.declare',
          exchange: name,
          exchangeType: exchangeTypes[at] ?? '',
        }),
      ),
      { type: 'queue.bind', queue: 'qa~', exchange: 'xf~', routingKey: '' },
      { type: 'queue.bind', queue: 'qb~', exchange: 'xt~', routingKey: 'a.#' },
    ];
    return methods.flatMap((method, at): Operation[] =>
      kept.includes(at) ? [{ connection: 0, channel: 1, type: 'method', method }] : [],
    );
  });

/** A program. @param maxSteps beyond the opening. */
export function programs(maxSteps: number): fc.Arbitrary<Program> {
  return fc
    .tuple(opening, fc.array(operation, { minLength: 3, maxLength: maxSteps, size: 'max' }))
    .map(([first, rest]) => [...first, ...rest]);
}
