/** Random declares and bindings. Must not put them into an order. */
import { type FieldObjectInput, int64, longString, type MethodInput } from '@puka/wire';
import fc from 'fast-check';
import { exchange, often, patterns, queue, routingKeys, seldom } from './choices.ts';
import { exchangeNames, exchangeTypes, queueNames } from './names.ts';

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
  { 'x-message-ttl': int64(60_001) },
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
/** Arguments of a classic queue, wrong ones now and then. */
export const queueArguments: fc.Arbitrary<FieldObjectInput> = fc
  .array(fc.oneof({ weight: 24, arbitrary: queueArgument }, { weight: 1, arbitrary: badArgument }), { maxLength: 3 })
  .map((list): FieldObjectInput => Object.assign({}, ...list));

const quorumArgument: fc.Arbitrary<FieldObjectInput> = fc.oneof(
  fc.constantFrom(0, 1, 2, 5).map((limit) => ({ 'x-delivery-limit': limit })),
  fc.constantFrom(0, 1, 3).map((limit) => ({ 'x-max-length': limit })),
  fc.constantFrom(5, 12).map((limit) => ({ 'x-max-length-bytes': limit })),
  fc.constant({ 'x-overflow': 'drop-head' }),
  fc.constantFrom('', ...exchangeNames).map((name) => ({ 'x-dead-letter-exchange': name })),
  fc
    .constantFrom('a', ...queueNames)
    .map((key) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': key })),
  fc.constant({ 'x-single-active-consumer': true }),
  fc.constant({ 'x-message-ttl': 60_000 }),
  fc.constantFrom<FieldObjectInput>({ 'x-max-priority': 3 }, { 'x-queue-mode': 'lazy' }, { 'x-delivery-limit': -1 }),
);
/** Arguments of a quorum queue, wrong ones now and then. */
export const quorumArguments: fc.Arbitrary<FieldObjectInput> = fc
  .array(quorumArgument, { maxLength: 3 })
  .map((list): FieldObjectInput => Object.assign({ 'x-queue-type': 'quorum' }, ...list));
/** The declare of a quorum queue; RabbitMQ takes it only durable. */
export const declareQuorumQueue: fc.Arbitrary<MethodInput> = fc
  .tuple(quorumArguments, fc.record({ durable: fc.constantFrom(true, true, true, true, false), exclusive: seldom }))
  .map(([args, flags]) => ({ type: 'queue.declare', queue: 'qq~', ...flags, arguments: args }));

const queueFlags = fc.record({ durable: often, exclusive: seldom, autoDelete: often });
/** The declare of any queue but a quorum queue. */
export const declareQueue: fc.Arbitrary<MethodInput> = fc
  .tuple(queue, queueFlags, seldom, fc.oneof(fc.constant({}), queueArguments))
  .map(([name, flags, passive, args]) => ({ type: 'queue.declare', queue: name, passive, ...flags, arguments: args }));

const alternate: fc.Arbitrary<FieldObjectInput> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constantFrom(...exchangeNames, 'none~').map((name) => ({ 'alternate-exchange': name })) },
);
/** The declare of an exchange. */
export const declareExchange: fc.Arbitrary<MethodInput> = fc
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
/** Headers of a message, and of what is matched by. */
export const headers: fc.Arbitrary<FieldObjectInput> = fc.dictionary(fc.constantFrom('h', 'k', 'x-h'), headerValue, {
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

/** Binds or unbinds a queue. */
export const bindQueue: fc.Arbitrary<MethodInput> = fc
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
/** Binds or unbinds an exchange. */
export const bindExchange: fc.Arbitrary<MethodInput> = fc
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
