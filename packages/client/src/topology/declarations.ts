/**
 * Queues, exchanges and bindings: what the options of a call make of a method, and what its reply means.
 * Must not send: the core does.
 */
import { UsageError } from '@puka/errors';
import {
  ByteWriter,
  encodeMethod,
  type FieldTableInput,
  type Method,
  type MethodInput,
  Tagged,
  utf8Length,
} from '@puka/wire';
import { checkIsUtf8 } from '../operations/short-strings.ts';
import type { TopologyChange } from './declared-topology.ts';
import type * as Options from './options.ts';
import type { RecordedExchange, RecordedQueue } from './recorded-entity.ts';

/** A method, how to read its reply, and what its ok changes in the record. */
export interface Declaration<Result> {
  readonly method: MethodInput;
  /** @returns `undefined` for another's reply. */
  readonly read: (reply: Method) => Result | undefined;
  /** `undefined` where the record stays as it is. A declare that leaves the name to the broker knows it from the reply. */
  readonly change?: (reply: Method | undefined) => TopologyChange | undefined;
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
 * the channel, which here is anybody's.
 */
export function checkQueue(queue: unknown, method: string): void {
  if (typeof queue !== 'string' || queue === '') {
    const found = typeof queue === 'string' ? 'empty' : typeof queue;
    throw new UsageError(`queue of ${method} is ${found}; it takes a name`, { method });
  }
  checkIsUtf8(queue, 'queue', method);
  const size = utf8Length(queue);
  if (size >= 0 && size <= 255) return;
  const found = size < 0 ? 'has a lone surrogate' : `has ${size} bytes`;
  throw new UsageError(`queue of ${method} ${found}; it takes up to 255 bytes of UTF-8`, { method });
}

/** @throws {UsageError | LimitExceeded} for what cannot be encoded: told at the call, before anything is sent. */
export function checkEncodable(method: MethodInput, maxTableDepth = 64): void {
  // What is written is looked at by nobody, so all clients share the memory for it.
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
  const exclusive = options.exclusive ?? (refusesTransient && queue === '' && options.durable !== true);
  const durable = options.durable ?? (refusesTransient && !exclusive);
  const { arguments: table } = options;
  return {
    method: { type: 'queue.declare', queue, passive, durable, exclusive, autoDelete, arguments: table },
    read: readDeclared,
    change: (reply) => {
      if (passive === true || reply?.type !== 'queue.declare-ok') return undefined;
      return { type: 'declare', entity: { kind: 'queue', queue: reply.queue, options: recordedQueue(options) } };
    },
  };
}

/** `queue.delete`. */
export function queueDelete(options: Options.QueueDeleteOptions): Declaration<Options.MessagesDropped> {
  const { queue, ifUnused, ifEmpty } = options;
  checkQueue(queue, 'queue.delete');
  return {
    method: { type: 'queue.delete', queue, ifUnused, ifEmpty },
    read: readDropped,
    change: () => ({ type: 'delete', kind: 'queue', name: queue }),
  };
}

/** `queue.purge`. */
export function queuePurge(options: Options.QueuePurgeOptions): Declaration<Options.MessagesDropped> {
  const { queue } = options;
  checkQueue(queue, 'queue.purge');
  return {
    method: { type: 'queue.purge', queue },
    read: readDropped,
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
  const { queue, exchange, routingKey = '', arguments: table } = options;
  checkQueue(queue, type);
  return {
    method: { type, queue, exchange, routingKey, arguments: table },
    read: nothing,
    change: () => ({
      type: type === 'queue.bind' ? 'bind' : 'unbind',
      entity: {
        kind: 'binding',
        destinationKind: 'queue',
        destination: queue,
        source: exchange,
        routingKey,
        arguments: copied(table),
      },
    }),
  };
}

/** `exchange.declare`. */
export function exchangeDeclare(options: Options.ExchangeDeclareOptions): Declaration<undefined> {
  const { exchange, type = 'direct', durable, autoDelete, internal, passive, arguments: table } = options;
  return {
    method: {
      type: 'exchange.declare',
      exchange,
      exchangeType: type,
      passive,
      durable,
      autoDelete,
      internal,
      arguments: table,
    },
    read: nothing,
    // Every virtual host has those that begin with `amq.`.
    change: () =>
      passive === true || exchange === '' || exchange.startsWith('amq.')
        ? undefined
        : { type: 'declare', entity: { kind: 'exchange', options: recordedExchange(options) } },
  };
}

/** `exchange.delete`. */
export function exchangeDelete(options: Options.ExchangeDeleteOptions): Declaration<undefined> {
  const { exchange, ifUnused } = options;
  return {
    method: { type: 'exchange.delete', exchange, ifUnused },
    read: nothing,
    change: () => ({ type: 'delete', kind: 'exchange', name: exchange }),
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
  const { destination, source, routingKey = '', arguments: table } = options;
  return {
    method: { type, destination, source, routingKey, arguments: table },
    read: nothing,
    change: () => ({
      type: type === 'exchange.bind' ? 'bind' : 'unbind',
      entity: {
        kind: 'binding',
        destinationKind: 'exchange',
        destination,
        source,
        routingKey,
        arguments: copied(table),
      },
    }),
  };
}

/** The options as they are now: what the caller changes later is not recorded. */
function recordedQueue(options: Options.QueueDeclareOptions): RecordedQueue['options'] {
  const { queue, passive, durable, exclusive, autoDelete } = options;
  return { queue, passive, durable, exclusive, autoDelete, arguments: copied(options.arguments) };
}

/** As `recordedQueue`. */
function recordedExchange(options: Options.ExchangeDeclareOptions): RecordedExchange['options'] {
  const { exchange, type, passive, durable, autoDelete, internal } = options;
  return { exchange, type, passive, durable, autoDelete, internal, arguments: copied(options.arguments) };
}

function copied(table: FieldTableInput | undefined): FieldTableInput | undefined {
  if (table === undefined || table instanceof Tagged) return table;
  return table instanceof Map ? new Map(table) : { ...table };
}
