/** Declaring and deleting exchanges, with every check in RabbitMQ's order. Must not know frames. */
import { AccessRefused, CommandInvalid, NotFound, PreconditionFailed } from '@puka/errors';
import type { Arguments } from './arguments.ts';
import type { BrokerModel } from './broker-model.ts';
import type { Caller } from './caller.ts';
import { assertSameArguments, assertSameProperty } from './equivalence.ts';
import { alternateTarget } from './exchange-argument.ts';
import type { ExchangeType } from './exchanges/binding-table.ts';
import type { Exchange } from './exchanges/exchange.ts';
import { type Resource, resourceText, withoutLineBreaks } from './resource.ts';
import type { VirtualHost } from './vhost.ts';

/** An exchange as it is asked for. */
export interface ExchangeRequest {
  readonly exchange: string;
  readonly exchangeType: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: Arguments;
}

/**
 * Makes an exchange, or finds one that is the same. AMQP 0-9-1 §1.6.2.1.
 *
 * @throws {AccessRefused | CommandInvalid | PreconditionFailed} as RabbitMQ does.
 */
export function declareExchange(
  broker: BrokerModel,
  vhost: VirtualHost,
  caller: Caller,
  request: ExchangeRequest,
): void {
  const type = exchangeTypeOf(request.exchangeType);
  const resource = exchangeResource(vhost, request.exchange);
  checkNotDefault(resource);
  broker.users.check(caller.username, resource, 'configure');
  const existing = vhost.exchanges.get(resource.name);
  if (existing !== undefined) {
    assertSameExchange(existing, request);
    return;
  }
  if (resource.name.startsWith('amq.')) {
    throw new AccessRefused(`exchange name '${resource.name}' contains reserved prefix 'amq.*'`);
  }
  const alternate = alternateTarget(vhost, resource, request.arguments);
  if (alternate !== undefined) {
    broker.users.check(caller.username, resource, 'read');
    broker.users.check(caller.username, alternate, 'write');
  }
  const { durable, autoDelete, internal, arguments: args } = request;
  vhost.addExchange({ name: resource.name, type, durable, autoDelete, internal, arguments: args });
}

/** Finds an exchange. @throws {NotFound} */
export function findExchange(vhost: VirtualHost, name: string): Exchange {
  const exchange = vhost.exchanges.get(name);
  if (exchange !== undefined) return exchange;
  throw new NotFound(`no ${resourceText({ kind: 'exchange', vhost: vhost.name, name })}`);
}

/** Finds an exchange, for a passive declare. @throws {AccessRefused | NotFound} */
export function findNamedExchange(vhost: VirtualHost, name: string): Exchange {
  const resource = exchangeResource(vhost, name);
  checkNotDefault(resource);
  return findExchange(vhost, resource.name);
}

/** Deletes an exchange; one that is not there is none. RabbitMQ, against AMQP 0-9-1 §1.6.2.5. */
export function deleteExchange(
  broker: BrokerModel,
  vhost: VirtualHost,
  caller: Caller,
  request: { readonly exchange: string; readonly ifUnused: boolean },
): void {
  const resource = exchangeResource(vhost, request.exchange);
  checkNotDefault(resource);
  if (resource.name.startsWith('amq.')) {
    throw new AccessRefused(`deletion of system ${resourceText(resource)} not allowed`);
  }
  broker.users.check(caller.username, resource, 'configure');
  const exchange = vhost.exchanges.get(resource.name);
  if (exchange === undefined) return;
  if (request.ifUnused && exchange.bindings.size > 0) throw new PreconditionFailed(`${resourceText(resource)} in use`);
  vhost.removeExchange(exchange);
}

/** @throws {AccessRefused} for the default exchange, which cannot be declared, deleted or bound. */
export function checkNotDefault({ kind, name }: Resource): void {
  if (kind === 'exchange' && name === '') throw new AccessRefused('operation not permitted on the default exchange');
}

function exchangeResource(vhost: VirtualHost, name: string): Resource {
  return { kind: 'exchange', vhost: vhost.name, name: withoutLineBreaks(name) };
}

function exchangeTypeOf(type: string): ExchangeType {
  if (type === 'direct' || type === 'fanout' || type === 'topic' || type === 'headers') return type;
  throw new CommandInvalid(`unknown exchange type '${type}'`);
}

function assertSameExchange({ settings, resource }: Exchange, request: ExchangeRequest): void {
  assertSameProperty(resource, 'type', request.exchangeType, settings.type);
  assertSameProperty(resource, 'durable', request.durable, settings.durable);
  assertSameProperty(resource, 'auto_delete', request.autoDelete, settings.autoDelete);
  assertSameProperty(resource, 'internal', request.internal, settings.internal);
  assertSameArguments(resource, request.arguments, settings.arguments, ['alternate-exchange']);
}
