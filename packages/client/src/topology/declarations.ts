/**
 * Queues, exchanges and bindings: what the options of a call make of a method, and what its reply means.
 * Must not send: the core does.
 */
import { UsageError } from '@puka/errors';
import { ByteWriter, encodeMethod, type Method, type MethodInput, utf8Length } from '@puka/wire';
import { described } from '../operations/call-check.ts';
import { checkIsUtf8 } from '../operations/short-strings.ts';
import type { TopologyChange } from './declared-topology.ts';
import { copyOf } from './method-input.ts';
import type * as Options from './options.ts';

/** A method, how to read its reply, and what its ok changes in the record: all as the options are at the call. */
export interface Declaration<Result> {
  readonly method: MethodInput;
  /** @returns `undefined` for another's reply. */
  readonly read: (reply: Method) => Result | undefined;
  /** `undefined` if the record stays as it is, and for a queue: see `declaredQueue`. */
  readonly change: TopologyChange | undefined;
}

const nothing = (): undefined => undefined;

function readDeclared(reply: Method): Options.QueueDeclared | undefined {
  if (reply.type !== 'queue.declare-ok') return undefined;
  return { queue: reply.queue, messageCount: reply.messageCount, consumerCount: reply.consumerCount };
}

function readDropped(reply: Method): Options.MessagesDropped | undefined {
  if (reply.type !== 'queue.delete-ok' && reply.type !== 'queue.purge-ok') return undefined;
  return { messageCount: reply.messageCount };
}

const scratchBytes = 1024;
let scratch: ByteWriter | undefined;

/**
 * @throws {UsageError} for what is no short string, and for an empty one: RabbitMQ takes it for the queue last declared on
 * the channel, which other operations share.
 */
export function checkQueue(queue: unknown, method: string): void {
  if (typeof queue !== 'string' || queue === '') {
    const found = typeof queue === 'string' ? 'empty' : typeof queue;
    throw new UsageError(`queue of ${method} is ${found}; it takes a name`, { method });
  }
  checkIsUtf8(queue, 'queue', method);
  const size = utf8Length(queue);
  if (size <= 255) return;
  throw new UsageError(`queue of ${method} has ${size} bytes; it takes up to 255 bytes of UTF-8`, { method });
}

/** @throws {UsageError} for what is no text. The encoder looks at the rest. */
function checkExchange(exchange: unknown, method: string): void {
  if (typeof exchange === 'string') return;
  const example = "exchangeDeclare({ exchange: 'logs', type: 'fanout' })";
  throw new UsageError(`exchange of ${method} is ${described(exchange)}; it takes a name, as in ${example}`, {
    method,
  });
}

/** @throws {UsageError | LimitExceeded} for what cannot be encoded: thrown at the call, before anything is sent. */
export function checkEncodable(method: MethodInput, maxTableDepth = 64): void {
  // What is written is not read, so all clients share the memory for it.
  scratch ??= new ByteWriter(scratchBytes);
  scratch.maxTableDepth = maxTableDepth;
  encodeMethod(scratch, 1, method);
  scratch.rollback();
  if (scratch.bytes.length > scratchBytes) scratch = undefined;
}

/** `queue.declare`. @param refusesTransient the broker wants queues durable or exclusive. */
export function queueDeclare(
  options: Options.QueueDeclareOptions,
  refusesTransient: boolean,
): Declaration<Options.QueueDeclared> {
  const { queue = '', passive, autoDelete } = options;
  let { durable, exclusive } = options;
  if (refusesTransient && exclusive === undefined && queue === '' && durable !== true) exclusive = true;
  if (refusesTransient && durable === undefined && exclusive !== true) durable = true;
  const table = copyOf(options.arguments);
  return {
    method: { type: 'queue.declare', queue, passive, durable, exclusive, autoDelete, arguments: table },
    read: readDeclared,
    change: undefined,
  };
}

/** What the ok of a declare changes in the record: the queue as it was asked for, by the name that the broker returns. */
export function declaredQueue(method: MethodInput, reply: Method): TopologyChange | undefined {
  if (method.type !== 'queue.declare' || method.passive === true || reply.type !== 'queue.declare-ok') return undefined;
  const { queue, passive, durable, exclusive, autoDelete, arguments: table } = method;
  const options = { queue, passive, durable, exclusive, autoDelete, arguments: table };
  // Of two equal strings the one of the call: the engine knows its hash, and the other need not be kept.
  const name = queue === reply.queue ? queue : reply.queue;
  return { type: 'declare', entity: { kind: 'queue', queue: name, options } };
}

/** `queue.delete`. */
export function queueDelete(options: Options.QueueDeleteOptions): Declaration<Options.MessagesDropped> {
  const { queue, ifUnused, ifEmpty } = options;
  checkQueue(queue, 'queue.delete');
  return {
    method: { type: 'queue.delete', queue, ifUnused, ifEmpty },
    read: readDropped,
    change: { type: 'delete', kind: 'queue', name: queue },
  };
}

/** `queue.purge`. */
export function queuePurge(options: Options.QueuePurgeOptions): Declaration<Options.MessagesDropped> {
  const { queue } = options;
  checkQueue(queue, 'queue.purge');
  return {
    method: { type: 'queue.purge', queue },
    read: readDropped,
    change: undefined,
  };
}

/** `queue.bind`. */
export function queueBind(options: Options.QueueBindOptions): Declaration<undefined> {
  return queueBinding('queue.bind', options);
}

/** `queue.unbind`. */
export function queueUnbind(options: Options.QueueBindOptions): Declaration<undefined> {
  return queueBinding('queue.unbind', options);
}

function queueBinding(type: 'queue.bind' | 'queue.unbind', options: Options.QueueBindOptions): Declaration<undefined> {
  const { queue, exchange, routingKey = '' } = options;
  checkQueue(queue, type);
  const table = copyOf(options.arguments);
  return {
    method: { type, queue, exchange, routingKey, arguments: table },
    read: nothing,
    change: {
      type: type === 'queue.bind' ? 'bind' : 'unbind',
      entity: {
        kind: 'binding',
        destinationKind: 'queue',
        destination: queue,
        source: exchange,
        routingKey,
        arguments: table,
      },
    },
  };
}

/** `exchange.declare`. */
export function exchangeDeclare(options: Options.ExchangeDeclareOptions): Declaration<undefined> {
  const { exchange, type, durable, autoDelete, internal, passive } = options;
  checkExchange(exchange, 'exchange.declare');
  const table = copyOf(options.arguments);
  // Every virtual host has those that begin with `amq.`.
  const isRecorded = passive !== true && exchange !== '' && !exchange.startsWith('amq.');
  const recorded = { exchange, type, passive, durable, autoDelete, internal, arguments: table };
  return {
    method: {
      type: 'exchange.declare',
      exchange,
      exchangeType: type ?? 'direct',
      passive,
      durable,
      autoDelete,
      internal,
      arguments: table,
    },
    read: nothing,
    change: isRecorded ? { type: 'declare', entity: { kind: 'exchange', options: recorded } } : undefined,
  };
}

/** `exchange.delete`. */
export function exchangeDelete(options: Options.ExchangeDeleteOptions): Declaration<undefined> {
  const { exchange, ifUnused } = options;
  return {
    method: { type: 'exchange.delete', exchange, ifUnused },
    read: nothing,
    change: { type: 'delete', kind: 'exchange', name: exchange },
  };
}

/** `exchange.bind`. RabbitMQ extension. */
export function exchangeBind(options: Options.ExchangeBindOptions): Declaration<undefined> {
  return exchangeBinding('exchange.bind', options);
}

/** `exchange.unbind`. RabbitMQ extension. */
export function exchangeUnbind(options: Options.ExchangeBindOptions): Declaration<undefined> {
  return exchangeBinding('exchange.unbind', options);
}

function exchangeBinding(
  type: 'exchange.bind' | 'exchange.unbind',
  options: Options.ExchangeBindOptions,
): Declaration<undefined> {
  const { destination, source, routingKey = '' } = options;
  const table = copyOf(options.arguments);
  return {
    method: { type, destination, source, routingKey, arguments: table },
    read: nothing,
    change: {
      type: type === 'exchange.bind' ? 'bind' : 'unbind',
      entity: { kind: 'binding', destinationKind: 'exchange', destination, source, routingKey, arguments: table },
    },
  };
}
