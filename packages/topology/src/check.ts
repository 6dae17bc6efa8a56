/**
 * What differs between a topology and a broker. Must not change the broker: passive declares, and the management API to
 * read from. Only where `redeclare` asks for it what is there is declared once more, which RabbitMQ compares.
 */
import type { Client, OperationOptions } from '@puka/client';
import { PreconditionFailed } from '@puka/errors';
import { bindingName, declareExchange, declareQueue } from './apply.ts';
import type { Binding, Exchange, Queue, TopologyData } from './definition.ts';
import { canonical, type Difference, difference, fieldDifferences } from './difference.ts';
import { readInequivalence } from './inequivalence.ts';
import { isExchange, lookAt } from './look.ts';
import {
  Management,
  type ManagementOptions,
  type ToldBinding,
  type ToldExchange,
  type ToldPolicy,
  type ToldQueue,
} from './management.ts';
import { checkNames } from './ranges.ts';

/** Options of `check`. `timeout` and `signal` hold for each operation. */
export interface CheckOptions extends OperationOptions {
  /** The management API. Without it a passive declare shows only what is missing. */
  readonly management?: string | ManagementOptions | undefined;
  /**
   * Without the management API: declares once more what is there. RabbitMQ compares, and reports the first difference of each.
   * What goes away in that very moment is made again by it. Default `false`.
   */
  readonly redeclare?: boolean | undefined;
}

/** What `check` found. */
export interface Checked {
  /** Nothing differs, of what could be looked at. */
  readonly isUpToDate: boolean;
  /** In the order of the topology. */
  readonly differences: readonly Difference[];
  /** What could not be looked at, in words: bindings, arguments and policies if there is no management API. */
  readonly unchecked: readonly string[];
}

/** Compares, and changes nothing. */
export async function checkTopology(client: Client, data: TopologyData, options: CheckOptions): Promise<Checked> {
  checkNames<keyof CheckOptions>('check', options, ['management', 'redeclare', 'signal', 'timeout']);
  const { signal, timeout, management, redeclare = false } = options;
  const each: OperationOptions = { signal, timeout };
  const differences =
    management === undefined
      ? await byDeclares(client, data, redeclare, each)
      : await byManagement(new Management(management), data, each);
  const unchecked = management === undefined ? uncheckedOf(data, redeclare) : [];
  return { isUpToDate: differences.length === 0, differences, unchecked };
}

async function byDeclares(
  client: Client,
  data: TopologyData,
  redeclare: boolean,
  each: OperationOptions,
): Promise<Difference[]> {
  const exchanges = data.exchanges.map(async (exchange) => {
    if (!(await isExchange(client, exchange.name, each))) return [absence('exchange', exchange.name)];
    return redeclare && !exchange.external
      ? compared('exchange', exchange.name, declareExchange(client, exchange, each))
      : [];
  });
  const queues = data.queues.map(async (queue) => {
    if ((await lookAt(client, queue.name, each)) === undefined) return [absence('queue', queue.name)];
    return redeclare && !queue.external ? compared('queue', queue.name, declareQueue(client, queue, each)) : [];
  });
  return (await Promise.all([...exchanges, ...queues])).flat();
}

/** RabbitMQ refuses a declare of what is there otherwise, and names the first thing that differs. */
async function compared(kind: 'exchange' | 'queue', name: string, declare: Promise<void>): Promise<Difference[]> {
  try {
    await declare;
    return [];
  } catch (error) {
    const found = error instanceof PreconditionFailed ? readInequivalence(error.replyText ?? error.message) : undefined;
    if (found === undefined) throw error;
    return [difference(kind, name, found.field, found.received, found.current)];
  }
}

async function byManagement(api: Management, data: TopologyData, each: OperationOptions): Promise<Difference[]> {
  const [exchanges, queues, bindings, policies] = await Promise.all([
    api.exchanges(each),
    api.queues(each),
    api.bindings(each),
    data.policies.length === 0 ? [] : api.policies(each),
  ]);
  const byName = {
    exchanges: new Map(exchanges.map((listed) => [listed.name, listed])),
    queues: new Map(queues.map((listed) => [listed.name, listed])),
    policies: new Map(policies.map((listed) => [listed.name, listed])),
  };
  return [
    ...data.exchanges.flatMap((exchange) => compareExchange(exchange, byName.exchanges.get(exchange.name))),
    ...data.queues.flatMap((queue) => compareQueue(queue, byName.queues.get(queue.name))),
    ...compareBindings(data, bindings),
    ...data.policies.flatMap((policy) => comparePolicy(policy, byName.policies.get(policy.name))),
  ];
}

function compareExchange(exchange: Exchange, listed: ToldExchange | undefined): Difference[] {
  const { name, type, durable, autoDelete, internal } = exchange;
  if (listed === undefined) return [absence('exchange', name)];
  if (exchange.external) return [];
  const actual = {
    type: listed.type,
    durable: listed.durable,
    autoDelete: listed.auto_delete,
    internal: listed.internal,
  };
  return [
    ...fieldDifferences('exchange', name, fields({ type, durable, autoDelete, internal }), fields(actual)),
    ...fieldDifferences('exchange', name, exchange.arguments, fields(listed.arguments)),
  ];
}

function compareQueue(queue: Queue, listed: ToldQueue | undefined): Difference[] {
  const { name, durable, exclusive, autoDelete } = queue;
  if (listed === undefined) return [absence('queue', name)];
  if (queue.external) return [];
  const actual = { durable: listed.durable, exclusive: listed.exclusive, autoDelete: listed.auto_delete };
  return [
    ...fieldDifferences('queue', name, fields({ durable, exclusive, autoDelete }), fields(actual)),
    ...fieldDifferences('queue', name, withType(queue.arguments), withType(fields(listed.arguments))),
  ];
}

/** RabbitMQ: a queue without a type is a classic one, and equal to one of that type. */
function withType(table: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  return table.has('x-queue-type') ? table : new Map([...table, ['x-queue-type', 'classic']]);
}

/** Those that are missing, and those that are there besides: to what the topology owns, because others may bind their own. */
function compareBindings(data: TopologyData, listed: readonly ToldBinding[]): Difference[] {
  const own = new Set([
    ...data.queues.flatMap(({ name, external }) => (external ? [] : [`queue ${name}`])),
    ...data.exchanges.flatMap(({ name, external }) => (external ? [] : [`exchange ${name}`])),
  ]);
  const wanted = new Map(data.bindings.map((binding) => [identity(binding), binding]));
  // The default exchange has every queue bound to it.
  const found = new Map(
    listed.filter(({ source }) => source !== '').map((each) => [identity(read(each)), read(each)] as const),
  );
  const missing = [...wanted].filter(([key]) => !found.has(key)).map(([, binding]) => binding);
  const besides = [...found]
    .filter(
      ([key, { destinationKind, destination }]) => !wanted.has(key) && own.has(`${destinationKind} ${destination}`),
    )
    .map(([, binding]) => binding);
  return [
    ...missing.map((binding) => absence('binding', bindingName(binding))),
    ...besides.map((binding) => difference('binding', bindingName(binding), 'presence', 'absent', 'present')),
  ];
}

function comparePolicy(policy: TopologyData['policies'][number], listed: ToldPolicy | undefined): Difference[] {
  const { name, pattern, applyTo, priority } = policy;
  if (listed === undefined) return [absence('policy', name)];
  const actual = { pattern: listed.pattern, applyTo: listed['apply-to'], priority: listed.priority };
  return [
    ...fieldDifferences('policy', name, fields({ pattern, applyTo, priority }), fields(actual)),
    ...fieldDifferences('policy', name, fields(policy.definition), fields(listed.definition)),
  ];
}

/** A binding of the API, in our terms. */
export function read(listed: ToldBinding): Binding {
  return {
    source: listed.source,
    destination: listed.destination,
    destinationKind: listed.destination_type,
    routingKey: listed.routing_key,
    arguments: fields(listed.arguments),
  };
}

/** The same text for bindings that are one to RabbitMQ. */
export function identity({ source, destination, destinationKind, routingKey, arguments: table }: Binding): string {
  return JSON.stringify([source, destinationKind, destination, routingKey, canonical(table)]);
}

function absence(kind: Difference['kind'], name: string): Difference {
  return difference(kind, name, 'presence', 'present', 'absent');
}

function fields(object: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(object));
}

function uncheckedOf({ bindings, policies, exchanges, queues }: TopologyData, redeclare: boolean): string[] {
  return [
    ...(redeclare || exchanges.length + queues.length === 0 ? [] : ['flags and arguments of exchanges and queues']),
    ...(bindings.length === 0 ? [] : [`${bindings.length} bindings`]),
    ...(policies.length === 0 ? [] : [`${policies.length} policies`]),
  ];
}
