/** Binding and unbinding, with every check in RabbitMQ's order. Must not know frames. */
import { NotFound } from '@puka/errors';
import type { Arguments } from './arguments.ts';
import type { BrokerModel } from './broker-model.ts';
import type { Caller } from './caller.ts';
import { checkNotDefault } from './declare-exchange.ts';
import { checkExclusive } from './declare-queue.ts';
import type { Binding } from './exchanges/binding.ts';
import type { Exchange } from './exchanges/exchange.ts';
import { checkHeadersBinding } from './exchanges/headers-match.ts';
import { type Resource, type ResourceKind, resourceText, withoutLineBreaks } from './resource.ts';
import { checkNotStopped } from './stopped-queues.ts';
import type { VirtualHost } from './vhost.ts';

/** A binding as it is asked for. */
export interface BindRequest {
  readonly source: string;
  readonly destination: string;
  readonly destinationKind: ResourceKind;
  readonly routingKey: string;
  readonly arguments: Arguments;
}

/** Binds; a binding that is there stays as it is. AMQP 0-9-1 §1.7.2.3. */
export function bind(broker: BrokerModel, vhost: VirtualHost, caller: Caller, request: BindRequest): void {
  const { source, destination } = checkedEnds(broker, vhost, caller, request);
  const exchange = vhost.exchanges.get(source.name);
  const isThere = isDestinationThere(vhost, destination);
  if (exchange === undefined) throw new NotFound(`no ${resourceText(source)}`);
  if (!isThere && destination.kind === 'queue') checkNotStopped(vhost, destination.name);
  if (!isThere) throw new NotFound(`no ${resourceText(destination)}`);
  if (exchange.settings.type === 'headers') checkHeadersBinding(request.arguments);
  checkOwner(vhost, caller, destination);
  exchange.bindings.add(bindingOf(request, exchange, destination));
}

/** Unbinds; a binding, a queue or an exchange that is not there is no mistake. RabbitMQ. */
export function unbind(broker: BrokerModel, vhost: VirtualHost, caller: Caller, request: BindRequest): void {
  const { source, destination } = checkedEnds(broker, vhost, caller, request);
  const exchange = vhost.exchanges.get(source.name);
  if (exchange === undefined || !isDestinationThere(vhost, destination)) return;
  const binding = bindingOf(request, exchange, destination);
  if (!exchange.bindings.has(binding)) return;
  checkOwner(vhost, caller, destination);
  vhost.removeBinding(binding);
}

function checkedEnds(
  broker: BrokerModel,
  vhost: VirtualHost,
  { username }: Caller,
  request: BindRequest,
): { readonly source: Resource; readonly destination: Resource } {
  const source: Resource = { kind: 'exchange', vhost: vhost.name, name: withoutLineBreaks(request.source) };
  const destination: Resource = {
    kind: request.destinationKind,
    vhost: vhost.name,
    name: withoutLineBreaks(request.destination),
  };
  broker.users.check(username, destination, 'write');
  checkNotDefault(destination);
  checkNotDefault(source);
  broker.users.check(username, source, 'read');
  if (vhost.exchanges.get(source.name)?.settings.type === 'topic') {
    broker.users.checkTopic(username, source, request.routingKey, 'read');
  }
  return { source, destination };
}

function isDestinationThere(vhost: VirtualHost, { kind, name }: Resource): boolean {
  return kind === 'queue' ? vhost.queues.has(name) : vhost.exchanges.has(name);
}

function checkOwner(vhost: VirtualHost, caller: Caller, { kind, name }: Resource): void {
  const queue = kind === 'queue' ? vhost.queues.get(name) : undefined;
  if (queue !== undefined) checkExclusive(queue, caller);
}

function bindingOf(request: BindRequest, source: Exchange, destination: Resource): Binding {
  return {
    ...{ source: source.name, destination: destination.name, destinationKind: destination.kind },
    ...{ routingKey: request.routingKey, arguments: request.arguments },
  };
}
