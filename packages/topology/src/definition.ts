/**
 * What a topology is written as, and the same with nothing left unsaid. Checks names and what a binding refers to.
 * Must not speak to a broker.
 */
import { type FieldTableInput, Tagged } from '@puka/client';
import { UsageError } from '@puka/errors';
import { isMap } from './any-realm.ts';
import { checkBoolean, checkChoice, checkInteger, checkName, checkShortText, shown } from './ranges.ts';

/** An exchange of a topology. */
export interface ExchangeDefinition {
  /** `direct`, `fanout`, `topic`, `headers`, or one of a plugin. Default `direct`. */
  readonly type?: string | undefined;
  /** Survives a restart of the broker. Default `true`. */
  readonly durable?: boolean | undefined;
  /** Gone with its last binding. Default `false`. */
  readonly autoDelete?: boolean | undefined;
  /** Takes messages from other exchanges only. Default `false`. */
  readonly internal?: boolean | undefined;
  /** Where messages go that find no queue. A policy can set it too. RabbitMQ: `alternate-exchange`. */
  readonly alternateExchange?: string | undefined;
  /** Other arguments, as those of plugins. */
  readonly arguments?: FieldTableInput | undefined;
  /** Made by another program: it must exist, and is neither declared nor deleted. Default `false`. */
  readonly external?: boolean | undefined;
}

/** A queue of a topology: as `classicQueue()`, `quorumQueue()` and `streamQueue()` return it, or by hand. */
export interface QueueDefinition {
  /** Survives a restart of the broker. Default `true`. */
  readonly durable?: boolean | undefined;
  /** For this connection alone, gone with it. Default `false`. */
  readonly exclusive?: boolean | undefined;
  /** Gone with its last consumer. Default `false`. */
  readonly autoDelete?: boolean | undefined;
  /** RabbitMQ's `x-…` arguments. */
  readonly arguments?: FieldTableInput | undefined;
  /** Made by another program: it must exist, and is neither declared nor deleted. Default `false`. */
  readonly external?: boolean | undefined;
}

/** An exchange that every virtual host has. */
export type PredeclaredExchange = `amq.${string}`;

/** A queue gets messages of an exchange. */
export interface QueueBindingDefinition<Queue extends string = string, Exchange extends string = string> {
  /** The queue that gets the messages. */
  readonly queue: Queue;
  /** The exchange they come from. */
  readonly exchange: Exchange | PredeclaredExchange;
  /** Several make several bindings. Default empty. */
  readonly routingKey?: string | readonly string[] | undefined;
  /** For headers exchanges: what to match. */
  readonly arguments?: FieldTableInput | undefined;
}

/** An exchange gets messages of another one. RabbitMQ extension. */
export interface ExchangeBindingDefinition<Exchange extends string = string> {
  /** The exchange that gets the messages. */
  readonly destination: Exchange | PredeclaredExchange;
  /** The exchange they come from. */
  readonly source: Exchange | PredeclaredExchange;
  /** Several make several bindings. Default empty. */
  readonly routingKey?: string | readonly string[] | undefined;
  /** For headers exchanges: what to match. */
  readonly arguments?: FieldTableInput | undefined;
}

/** A policy: settings of all queues or exchanges whose names match. It needs the management API to be applied. */
export interface PolicyDefinition {
  /** A regular expression, as Erlang reads it. */
  readonly pattern: string;
  /** Default `queues`. */
  readonly applyTo?: 'queues' | 'exchanges' | 'all' | 'classic_queues' | 'quorum_queues' | 'streams' | undefined;
  /** Of several that match the highest counts. Default 0. */
  readonly priority?: number | undefined;
  /** RabbitMQ's keys, such as `message-ttl`; see `policyOf`. */
  readonly definition: Readonly<Record<string, string | number | boolean>>;
}

/** What `defineTopology` takes. */
export interface TopologyDefinition<Exchange extends string = string, Queue extends string = string> {
  /** By name. */
  readonly exchanges?: Readonly<Record<Exchange, ExchangeDefinition>> | undefined;
  /** By name. */
  readonly queues?: Readonly<Record<Queue, QueueDefinition>> | undefined;
  /** Of queues and of exchanges. What they name has to be in the topology, or begin with `amq.`. */
  readonly bindings?:
    | readonly (
        | QueueBindingDefinition<NoInfer<Queue>, NoInfer<Exchange>>
        | ExchangeBindingDefinition<NoInfer<Exchange>>
      )[]
    | undefined;
  /** By name. */
  readonly policies?: Readonly<Record<string, PolicyDefinition>> | undefined;
}

/** An exchange, with nothing left unsaid. */
export interface Exchange {
  /** Its name. */
  readonly name: string;
  /** How it routes messages: `direct`, `fanout`, `topic`, `headers`, or one of a plugin. */
  readonly type: string;
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** Goes with its last binding. */
  readonly autoDelete: boolean;
  /** Takes messages from other exchanges only. */
  readonly internal: boolean;
  /** By name. */
  readonly arguments: ReadonlyMap<string, unknown>;
  /** Made by another program: it is neither declared nor deleted. */
  readonly external: boolean;
}

/** A queue, with nothing left unsaid. */
export interface Queue {
  /** Its name. */
  readonly name: string;
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** For one connection alone, gone with it. */
  readonly exclusive: boolean;
  /** Goes with its last consumer. */
  readonly autoDelete: boolean;
  /** By name. */
  readonly arguments: ReadonlyMap<string, unknown>;
  /** Made by another program: it is neither declared nor deleted. */
  readonly external: boolean;
}

/** A binding, with nothing left unsaid. */
export interface Binding {
  /** The exchange that messages come from. */
  readonly source: string;
  /** The queue, or the exchange that gets the messages. */
  readonly destination: string;
  /** Whether it binds a queue or an exchange. */
  readonly destinationKind: 'queue' | 'exchange';
  /** What the exchange compares with the routing key of a message. */
  readonly routingKey: string;
  /** For headers exchanges: what to match. */
  readonly arguments: ReadonlyMap<string, unknown>;
}

/** A policy, with nothing left unsaid. */
export interface Policy {
  /** Its name. */
  readonly name: string;
  /** A regular expression, as Erlang reads it, for the names of queues or exchanges. */
  readonly pattern: string;
  /** To what it applies, such as `queues`. */
  readonly applyTo: string;
  /** Of several that match the highest counts. */
  readonly priority: number;
  /** RabbitMQ's keys, such as `message-ttl`. */
  readonly definition: Readonly<Record<string, string | number | boolean>>;
}

/** A topology, with nothing left unsaid. Plain data. */
export interface TopologyData {
  /** In the order of the definition. */
  readonly exchanges: readonly Exchange[];
  /** In the order of the definition. */
  readonly queues: readonly Queue[];
  /** One for each routing key. */
  readonly bindings: readonly Binding[];
  /** In the order of the definition. */
  readonly policies: readonly Policy[];
}

/** @throws {UsageError} for a bad name, and for a binding to what is not in the topology. */
export function readDefinition(definition: TopologyDefinition): TopologyData {
  const exchanges = Object.entries(definition.exchanges ?? {}).map(([name, each]) => exchangeOf(name, each));
  const queues = Object.entries(definition.queues ?? {}).map(([name, each]) => queueOf(name, each));
  const policies = Object.entries(definition.policies ?? {}).map(([name, each]) => policyData(name, each));
  const known = {
    exchange: new Set(exchanges.map(({ name }) => name)),
    queue: new Set(queues.map(({ name }) => name)),
  };
  const bindings = (definition.bindings ?? []).flatMap(bindingsOf);
  for (const { source, destination, destinationKind } of bindings) {
    checkKnown('exchange', source, known.exchange);
    checkKnown(destinationKind, destination, known[destinationKind]);
  }
  return { exchanges, queues, bindings, policies };
}

/** A queue, with nothing left unsaid. @throws {UsageError} for a bad name, or a flag that is none. */
export function queueOf(name: string, definition: QueueDefinition): Queue {
  const { durable = true, exclusive = false, autoDelete = false, external = false } = definition;
  checkOwnName('queue', name, external);
  for (const [flag, value] of Object.entries({ durable, exclusive, autoDelete, external })) {
    checkBoolean(`${flag} of queue '${name}'`, value);
  }
  return { name, durable, exclusive, autoDelete, arguments: fieldsOf(definition.arguments), external };
}

/** The bindings of one entry: one for each routing key. */
export function bindingsOf(entry: QueueBindingDefinition | ExchangeBindingDefinition): Binding[] {
  const { routingKey = '' } = entry;
  const keys = typeof routingKey === 'string' ? [routingKey] : routingKey;
  const ends =
    'queue' in entry
      ? { source: entry.exchange, destination: entry.queue, destinationKind: 'queue' as const }
      : { source: entry.source, destination: entry.destination, destinationKind: 'exchange' as const };
  checkName(`source of a binding to ${ends.destinationKind} '${ends.destination}'`, ends.source);
  return keys.map((key) => {
    checkShortText(`routingKey of the binding of '${ends.destination}' to '${ends.source}'`, key);
    return { ...ends, routingKey: key, arguments: fieldsOf(entry.arguments) };
  });
}

/** The arguments as the client takes them, `undefined` for none. */
export function tableOf(fields: ReadonlyMap<string, unknown>): FieldTableInput | undefined {
  return fields.size === 0 ? undefined : (fields as FieldTableInput); // `fieldsOf` has read them from one.
}

function exchangeOf(name: string, definition: ExchangeDefinition): Exchange {
  const { type = 'direct', durable = true, autoDelete = false, internal = false, external = false } = definition;
  const { alternateExchange } = definition;
  checkOwnName('exchange', name, external);
  checkName(`type of exchange '${name}'`, type);
  for (const [flag, value] of Object.entries({ durable, autoDelete, internal, external })) {
    checkBoolean(`${flag} of exchange '${name}'`, value);
  }
  const fields = new Map(fieldsOf(definition.arguments));
  if (alternateExchange !== undefined) {
    checkName(`alternateExchange of exchange '${name}'`, alternateExchange);
    fields.set('alternate-exchange', alternateExchange);
  }
  return { name, type, durable, autoDelete, internal, arguments: fields, external };
}

function policyData(name: string, definition: PolicyDefinition): Policy {
  const { pattern, applyTo = 'queues', priority = 0 } = definition;
  checkName('name of a policy', name);
  if (typeof pattern !== 'string')
    throw new UsageError(`pattern of policy '${name}' is ${shown(pattern)}; it takes a text`);
  const targets = ['queues', 'exchanges', 'all', 'classic_queues', 'quorum_queues', 'streams'];
  checkChoice(`applyTo of policy '${name}'`, applyTo, targets);
  checkInteger(`priority of policy '${name}'`, priority, Number.MIN_SAFE_INTEGER);
  if (Object.keys(definition.definition).length === 0) {
    throw new UsageError(`definition of policy '${name}' is empty; RabbitMQ takes one key or more`);
  }
  return { name, pattern, applyTo, priority, definition: definition.definition };
}

/** RabbitMQ: who may declare may not declare `amq.…`, which is its own. */
function checkOwnName(kind: string, name: string, isExternal: boolean): void {
  checkName(`name of ${kind === 'queue' ? 'a queue' : 'an exchange'}`, name);
  if (isExternal || !name.startsWith('amq.')) return;
  throw new UsageError(`${kind} '${name}': names that begin with amq. are reserved for RabbitMQ; set external: true`);
}

function checkKnown(kind: 'queue' | 'exchange', name: string, known: ReadonlySet<string>): void {
  if (known.has(name) || (kind === 'exchange' && name.startsWith('amq.'))) return;
  throw new UsageError(
    `a binding names ${kind} '${name}', which is not in the topology; what others make is in it with external: true`,
  );
}

function fieldsOf(table: FieldTableInput | undefined): ReadonlyMap<string, unknown> {
  if (table === undefined) return new Map();
  if (isMap(table)) return new Map(table as ReadonlyMap<string, unknown>); // The names in a field table are strings.
  if (typeof table !== 'object' || table === null || table instanceof Tagged) {
    throw new UsageError(`arguments are ${shown(table)}; a topology takes an object or a Map`);
  }
  return new Map(Object.entries(table));
}
