/** Declaring, deleting and purging queues, with every check in RabbitMQ's order. Must not know frames. */
import { AccessRefused, AmqpNotImplemented, NotFound, PreconditionFailed, ResourceLocked } from '@puka/errors';
import type { Arguments } from './arguments.ts';
import type { BrokerModel } from './broker-model.ts';
import type { Caller } from './caller.ts';
import { assertSameArguments, assertSameProperty } from './equivalence.ts';
import { deadLetterTarget } from './exchange-argument.ts';
import { checkQueueArguments, queueArgumentNames, queueTypeOf } from './queue-arguments.ts';
import type { Queue } from './queues/queue.ts';
import { type Resource, resourceText, withoutLineBreaks } from './resource.ts';
import { checkNotStopped, isDeletable } from './stopped-queues.ts';
import type { VirtualHost } from './vhost.ts';

/** A queue as it is asked for. */
export interface QueueRequest {
  /** Empty lets the broker choose a name. */
  readonly queue: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: Arguments;
}

/**
 * Makes a queue, or finds one that is the same. AMQP 0-9-1 §1.7.2.1.
 *
 * @throws {AccessRefused | PreconditionFailed | ResourceLocked} as RabbitMQ does.
 */
export function declareQueue(broker: BrokerModel, vhost: VirtualHost, caller: Caller, request: QueueRequest): Queue {
  const name = nameOf(broker, request);
  const resource: Resource = { kind: 'queue', vhost: vhost.name, name };
  // RabbitMQ: exclusive queues are never durable.
  const durable = request.durable && !request.exclusive;
  broker.users.check(caller.username, resource, 'configure');
  const existing = vhost.queues.get(name);
  if (existing !== undefined) {
    assertSameQueue(existing, { ...request, durable }, caller);
    return existing;
  }
  checkNotStopped(vhost, name);
  const target = deadLetterTarget(vhost, resource, request.arguments);
  if (target !== undefined) {
    broker.users.check(caller.username, resource, 'read');
    broker.users.check(caller.username, target, 'write');
  }
  checkQueueArguments(resource, request.arguments);
  const type = queueTypeOf(request.arguments);
  if (type !== 'classic') checkReplicated(resource, { ...request, durable });
  return vhost.addQueue({
    ...{ name, type, durable, autoDelete: request.autoDelete, arguments: request.arguments },
    owner: request.exclusive ? caller.connection : undefined,
  });
}

/** Finds a queue, for a passive declare. @throws {NotFound | ResourceLocked} */
export function findQueue(vhost: VirtualHost, caller: Caller, name: string): Queue {
  const queue = vhost.queues.get(name);
  if (queue === undefined) {
    checkNotStopped(vhost, name);
    throw new NotFound(`no ${resourceText({ kind: 'queue', vhost: vhost.name, name })}`);
  }
  checkExclusive(queue, caller);
  return queue;
}

/**
 * Deletes a queue; one that is not there is none. RabbitMQ, against AMQP 0-9-1 §1.7.2.9.
 *
 * @returns how many messages were waiting.
 */
export function deleteQueue(
  broker: BrokerModel,
  vhost: VirtualHost,
  caller: Caller,
  request: { readonly queue: string; readonly ifUnused: boolean; readonly ifEmpty: boolean },
): number {
  const resource: Resource = { kind: 'queue', vhost: vhost.name, name: withoutLineBreaks(request.queue) };
  broker.users.check(caller.username, resource, 'configure');
  const queue = vhost.queues.get(resource.name);
  if (queue === undefined) return deleteStopped(vhost, resource.name);
  checkExclusive(queue, caller);
  if (queue.settings.type !== 'classic') refuseConditions(queue, request);
  if (request.ifEmpty && queue.readyCount > 0) throw new PreconditionFailed(`${resourceText(resource)} not empty`);
  if (request.ifUnused && queue.consumerCount > 0) throw new PreconditionFailed(`${resourceText(resource)} in use`);
  const { readyCount } = queue;
  vhost.removeQueue(queue);
  return readyCount;
}

/** Drops what waits in a queue. @returns how many. */
export function purgeQueue(broker: BrokerModel, vhost: VirtualHost, caller: Caller, name: string): number {
  broker.users.check(caller.username, { kind: 'queue', vhost: vhost.name, name }, 'read');
  const queue = findQueue(vhost, caller, name);
  if (queue.settings.type === 'stream') {
    throw new AmqpNotImplemented(`queue.purge not supported by stream queues ${resourceText(queue.resource)}`);
  }
  return queue.purge();
}

/** @throws {ResourceLocked} if the queue belongs to another connection. */
export function checkExclusive(queue: Queue, caller: Caller): void {
  const { owner } = queue.settings;
  if (owner !== undefined && owner !== caller.connection) throw locked(queue);
}

function nameOf(broker: BrokerModel, request: QueueRequest): string {
  const name = withoutLineBreaks(request.queue);
  if (name === '') {
    const type = queueTypeOf(request.arguments);
    if (type === 'classic') return broker.newName('amq.gen');
    throw new PreconditionFailed(`Cannot declare a server-named queue for type rabbit_${type}_queue`);
  }
  if (!name.startsWith('amq.')) return name;
  throw new AccessRefused(`queue name '${name}' contains reserved prefix 'amq.*'`);
}

function assertSameQueue(queue: Queue, request: QueueRequest, caller: Caller): void {
  const { settings, resource } = queue;
  const owner = request.exclusive ? caller.connection : undefined;
  if (settings.owner !== owner) throw locked(queue);
  assertSameProperty(resource, 'durable', request.durable, settings.durable);
  assertSameProperty(resource, 'auto_delete', request.autoDelete, settings.autoDelete);
  assertSameArguments(resource, request.arguments, settings.arguments, queueArgumentNames[settings.type]);
}

/** RabbitMQ: quorum queues and streams are durable, shared and permanent. */
function checkReplicated(resource: Resource, { autoDelete, exclusive, durable }: QueueRequest): void {
  const invalid = autoDelete ? 'auto-delete' : exclusive ? 'exclusive-owner' : durable ? undefined : 'non-durable';
  if (invalid !== undefined)
    throw new PreconditionFailed(`invalid property '${invalid}' for ${resourceText(resource)}`);
}

function deleteStopped(vhost: VirtualHost, name: string): number {
  const stopped = vhost.stoppedQueues.get(name);
  if (stopped !== undefined && isDeletable(stopped)) vhost.removeStoppedQueue(name);
  else checkNotStopped(vhost, name);
  return 0;
}

function refuseConditions(
  { resource, settings }: Queue,
  { ifUnused, ifEmpty }: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
): void {
  if (settings.type === 'stream' || !(ifUnused || ifEmpty)) return;
  throw new AmqpNotImplemented(
    `cannot delete ${resourceText(resource)}. queue.delete operations with ${ifUnused ? 'if-unused' : 'if-empty'} ` +
      'flag set are not supported by quorum queues',
  );
}

function locked(queue: Queue): ResourceLocked {
  return new ResourceLocked(
    `cannot obtain exclusive access to locked ${resourceText(queue.resource)}. It could be originally declared on another ` +
      'connection or the exclusive property value does not match that of the original declaration.',
  );
}
