/** Which arguments a queue or a consumer takes, by type of queue, and what values. Must not know what they do. */
import { PreconditionFailed } from '@puka/errors';
import type { Tagged } from '@puka/wire';
import type { Arguments } from './arguments.ts';
import { typeNameOf } from './erlang-terms.ts';
import { expiryFault } from './publish-checks.ts';
import type { QueueType } from './queues/queue.ts';
import { type Resource, resourceText } from './resource.ts';

/** Returns what is wrong with a value, as an Erlang term; `undefined` for nothing. */
type Check = (field: Tagged, args: Arguments) => string | undefined;

/** The arguments of a declare that each type knows, in the order in which RabbitMQ compares them. */
export const queueArgumentNames: Readonly<Record<QueueType, readonly string[]>> = {
  classic: [
    'x-expires',
    'x-message-ttl',
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-max-length',
    'x-max-length-bytes',
    'x-max-priority',
    'x-overflow',
    'x-queue-mode',
    'x-queue-version',
    'x-single-active-consumer',
    'x-queue-type',
    'x-queue-master-locator',
  ],
  quorum: [
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-dead-letter-strategy',
    'x-expires',
    'x-max-length',
    'x-max-length-bytes',
    'x-max-in-memory-length',
    'x-max-in-memory-bytes',
    'x-overflow',
    'x-single-active-consumer',
    'x-queue-type',
    'x-quorum-initial-group-size',
    'x-delivery-limit',
    'x-message-ttl',
    'x-queue-leader-locator',
  ],
  stream: [
    'x-max-length-bytes',
    'x-queue-type',
    'x-max-age',
    'x-stream-max-segment-size-bytes',
    'x-initial-cluster-size',
    'x-queue-leader-locator',
  ],
};

const consumerArgumentNames: Readonly<Record<QueueType, readonly string[]>> = {
  classic: ['x-cancel-on-ha-failover', 'x-priority', 'x-credit'],
  quorum: ['x-priority', 'x-credit'],
  stream: ['x-stream-offset', 'x-credit'],
};

const moduleNames: Readonly<Record<QueueType, string>> = {
  classic: 'rabbit_classic_queue',
  quorum: 'rabbit_quorum_queue',
  stream: 'rabbit_stream_queue',
};

const queueChecks: readonly (readonly [name: string, check: Check])[] = [
  ['x-expires', checkExpires],
  ['x-message-ttl', (field) => integerFault(field) ?? expiryFault(integerOf(field))],
  ['x-dead-letter-exchange', (field) => (field.tag === 'S' ? undefined : unacceptable(field))],
  ['x-dead-letter-routing-key', checkDeadLetterKey],
  ['x-dead-letter-strategy', oneOf(['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy')],
  ['x-max-length', countFault],
  ['x-max-length-bytes', countFault],
  ['x-max-in-memory-length', countFault],
  ['x-max-in-memory-bytes', countFault],
  ['x-max-priority', checkMaxPriority],
  ['x-overflow', oneOf(['drop-head', 'reject-publish', 'reject-publish-dlx'], () => 'invalid_overflow')],
  ['x-queue-mode', oneOf(['default', 'lazy'], (text) => `"unsupported queue mode '${text}'"`)],
  ['x-queue-version', checkVersion],
  ['x-single-active-consumer', (field) => (field.tag === 't' ? undefined : unacceptable(field))],
  ['x-queue-type', checkQueueType],
  ['x-quorum-initial-group-size', checkSize],
  ['x-max-age', checkMaxAge],
  ['x-stream-max-segment-size-bytes', countFault],
  ['x-initial-cluster-size', checkSize],
  [
    'x-queue-leader-locator',
    oneOf(['client-local', 'balanced', 'random', 'least-leaders'], () => 'invalid_queue_locator_arg'),
  ],
];

const consumerChecks: readonly (readonly [name: string, check: Check])[] = [
  ['x-priority', integerFault],
  ['x-cancel-on-ha-failover', (field) => (field.tag === 't' ? undefined : unacceptable(field))],
];

/**
 * Checks the arguments of a queue to make.
 *
 * @throws {PreconditionFailed} for a value that is none, and for an argument of another type of queue. What no type of
 * queue knows passes.
 */
export function checkQueueArguments(queue: Resource, args: Arguments): void {
  const type = args.get('x-queue-type');
  if (type !== undefined) checkOne(queue, 'x-queue-type', type, args, checkQueueType);
  checkAll(queue, queueTypeOf(args), args, queueChecks, queueArgumentNames);
}

/** Looks at the arguments of a consumer. @throws {PreconditionFailed} as `checkQueueArguments` does. */
export function checkConsumerArguments(queue: Resource, type: QueueType, args: Arguments): void {
  checkAll(queue, type, args, consumerChecks, consumerArgumentNames);
}

/** The type of a queue; a classic one unless something else is asked for. */
export function queueTypeOf(args: Arguments): QueueType {
  const type = args.text('x-queue-type');
  return type === 'quorum' || type === 'stream' ? type : 'classic';
}

/** RabbitMQ's name of the code for a type of queue, as used in its refusals. */
export function moduleNameOf(type: QueueType): string {
  return moduleNames[type];
}

function checkAll(
  queue: Resource,
  type: QueueType,
  args: Arguments,
  checks: readonly (readonly [string, Check])[],
  known: Readonly<Record<QueueType, readonly string[]>>,
): void {
  for (const [name, check] of checks) {
    const field = args.get(name);
    if (field !== undefined && known[type].includes(name)) checkOne(queue, name, field, args, check);
  }
  for (const name of args.names) {
    if (known[type].includes(name) || !Object.values(known).some((names) => names.includes(name))) continue;
    throw new PreconditionFailed(`invalid arg '${name}' for ${resourceText(queue)} of queue type ${moduleNames[type]}`);
  }
}

function checkOne(queue: Resource, name: string, field: Tagged, args: Arguments, check: Check): void {
  const fault = check(field, args);
  if (fault === undefined) return;
  throw new PreconditionFailed(`invalid arg '${name}' for ${resourceText(queue)}: ${fault}`);
}

function integerOf({ value }: Tagged): bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : 0n;
}

function integerFault(field: Tagged): string | undefined {
  return 'bsIlBui'.includes(field.tag) ? undefined : `"expected integer, got ${typeNameOf(field.tag)}"`;
}

function countFault(field: Tagged): string | undefined {
  const fault = integerFault(field);
  if (fault !== undefined) return fault;
  const value = integerOf(field);
  return value < 0n ? `{value_negative,${value}}` : undefined;
}

function checkExpires(field: Tagged): string | undefined {
  const fault = integerFault(field);
  if (fault !== undefined) return fault;
  const value = integerOf(field);
  return value === 0n ? '{value_zero,0}' : expiryFault(value);
}

function checkMaxPriority(field: Tagged): string | undefined {
  const fault = countFault(field);
  if (fault !== undefined) return fault;
  const value = integerOf(field);
  return value > 255n ? `{max_value_exceeded,${value}}` : undefined;
}

function checkVersion(field: Tagged): string | undefined {
  const fault = countFault(field);
  if (fault !== undefined) return fault;
  const value = integerOf(field);
  return value === 1n || value === 2n ? undefined : `"unsupported queue version '${value}'"`;
}

function checkSize(field: Tagged): string | undefined {
  const fault = countFault(field);
  if (fault !== undefined) return fault;
  return integerOf(field) === 0n ? '{value_zero,0}' : undefined;
}

function checkDeadLetterKey(field: Tagged, args: Arguments): string | undefined {
  if (field.tag !== 'S') return unacceptable(field);
  return args.get('x-dead-letter-exchange') === undefined ? 'routing_key_but_no_dlx_defined' : undefined;
}

function checkQueueType(field: Tagged): string | undefined {
  return oneOf(['classic', 'quorum', 'stream'], (text) => `"unsupported queue type '${text}'"`)(field, undefined);
}

function checkMaxAge(field: Tagged): string | undefined {
  if (field.tag !== 'S') return unacceptable(field);
  return /^0*[1-9]\d*[YMDhms]$/.test(String(field.value)) ? undefined : 'invalid_max_age';
}

function unacceptable(field: Tagged): string {
  return `{unacceptable_type,${typeNameOf(field.tag)}}`;
}

function oneOf(
  texts: readonly string[],
  fault: (text: string) => string,
): (field: Tagged, args: Arguments | undefined) => string | undefined {
  return (field) => {
    if (field.tag !== 'S') return unacceptable(field);
    const text = String(field.value);
    return texts.includes(text) ? undefined : fault(text);
  };
}
