/** Makes what is in a topology: policies, then exchanges and queues side by side, then bindings. Must not change what is there. */
import type { Client, OperationOptions } from '@puka/client';
import { isPukaError, UsageError } from '@puka/errors';
import { type Binding, type Exchange, type Policy, type Queue, type TopologyData, tableOf } from './definition.ts';
import type { ThingKind } from './difference.ts';
import { Management, type ManagementOptions } from './management.ts';
import { checkNames } from './ranges.ts';
import { TopologyFailed, type TopologyFailure } from './topology-failed.ts';

/** Options of `apply`. `timeout` and `signal` hold for each operation. */
export interface ApplyOptions extends OperationOptions {
  /** The management API: needed if the topology has policies. */
  readonly management?: string | ManagementOptions | undefined;
}

/** How many of each are there now. */
export interface Applied {
  /** Exchanges that were declared. */
  readonly exchanges: number;
  /** Queues that were declared. */
  readonly queues: number;
  /** Bindings that were made. */
  readonly bindings: number;
  /** Policies that were set. */
  readonly policies: number;
}

/** @throws (rejects) {TopologyFailed} with all that failed; the connection's own error if that was lost. */
export async function applyTopology(client: Client, data: TopologyData, options: ApplyOptions): Promise<Applied> {
  checkNames<keyof ApplyOptions>('apply', options, ['management', 'signal', 'timeout']);
  const { signal, timeout, management } = options;
  const each: OperationOptions = { signal, timeout };
  const work = new Attempts();
  if (data.policies.length > 0) {
    if (management === undefined) throw new UsageError('the topology has policies: apply takes management');
    const api = new Management(management);
    // First of all: a queue has its policy from its first message on.
    await work.all('policy', data.policies, (policy) => putPolicy(api, policy, each));
  }
  await Promise.all([
    work.all('exchange', data.exchanges, (exchange) => declareExchange(client, exchange, each)),
    work.all('queue', data.queues, (queue) => declareQueue(client, queue, each)),
  ]);
  await work.all('binding', data.bindings, (binding) => work.refusal(binding) ?? bind(client, binding, each));
  work.finish('applied', signal);
  const { exchanges, queues, bindings, policies } = data;
  return {
    exchanges: exchanges.length,
    queues: queues.length,
    bindings: bindings.length,
    policies: policies.length,
  };
}

/** Declares an exchange, or checks that one of another program exists. */
export async function declareExchange(client: Client, exchange: Exchange, options: OperationOptions): Promise<void> {
  const { name, type, durable, autoDelete, internal, external } = exchange;
  if (external) return client.exchangeDeclare({ exchange: name, passive: true, ...options });
  const table = tableOf(exchange.arguments);
  await client.exchangeDeclare({ exchange: name, type, durable, autoDelete, internal, arguments: table, ...options });
}

/** Declares a queue, or checks that one of another program exists. */
export async function declareQueue(client: Client, queue: Queue, options: OperationOptions): Promise<void> {
  const { name, durable, exclusive, autoDelete, external } = queue;
  const table = tableOf(queue.arguments);
  if (external) await client.queueDeclare({ queue: name, passive: true, ...options });
  else await client.queueDeclare({ queue: name, durable, exclusive, autoDelete, arguments: table, ...options });
}

/** Binds. */
export async function bind(client: Client, binding: Binding, options: OperationOptions): Promise<void> {
  const { source, destination, destinationKind, routingKey } = binding;
  const common = { routingKey, arguments: tableOf(binding.arguments), ...options };
  if (destinationKind === 'queue') await client.queueBind({ queue: destination, exchange: source, ...common });
  else await client.exchangeBind({ destination, source, ...common });
}

/** Takes a binding away. */
export async function unbind(client: Client, binding: Binding, options: OperationOptions): Promise<void> {
  const { source, destination, destinationKind, routingKey } = binding;
  const common = { routingKey, arguments: tableOf(binding.arguments), ...options };
  if (destinationKind === 'queue') await client.queueUnbind({ queue: destination, exchange: source, ...common });
  else await client.exchangeUnbind({ destination, source, ...common });
}

/** A binding in words, as `Difference.name` has it. */
export function bindingName({ source, destination, routingKey }: Binding): string {
  return `${source} -> ${destination}${routingKey === '' ? '' : ` (${routingKey})`}`;
}

/** Many things done side by side, each failure kept. */
export class Attempts {
  private readonly failures: TopologyFailure[] = [];
  private count = 0;

  /** Does it for all of them. Never rejects. */
  async all<Thing extends Exchange | Queue | Binding | Policy>(
    kind: ThingKind,
    things: readonly Thing[],
    work: (thing: Thing) => Promise<void>,
  ): Promise<void> {
    this.count += things.length;
    const outcomes = await Promise.allSettled(things.map(work));
    for (const [index, outcome] of outcomes.entries()) {
      const thing = things[index];
      if (thing === undefined || outcome.status === 'fulfilled') continue;
      const name = 'name' in thing ? thing.name : bindingName(thing);
      this.failures.push({ kind, name, error: outcome.reason === notTried ? undefined : outcome.reason });
    }
  }

  /** @returns a rejection for a binding one of whose ends has failed; it is not tried. */
  refusal({ source, destination, destinationKind }: Binding): Promise<never> | undefined {
    const hasFailed = this.failures.some(
      ({ kind, name }) =>
        (kind === 'exchange' && name === source) || (kind === destinationKind && name === destination),
    );
    return hasFailed ? Promise.reject(notTried) : undefined;
  }

  /** @throws what went wrong, if anything did: the reason of an abort, the loss of the connection, or all failures. */
  finish(done: string, signal: OperationOptions['signal']): void {
    const { failures, count } = this;
    if (failures.length === 0) return;
    if (signal?.aborted === true) throw signal.reason;
    const lost = failures.find(({ error }) => isPukaError(error) && error.scope === 'connection');
    if (lost !== undefined) throw lost.error;
    const texts = failures
      .filter(({ error }) => error !== undefined)
      .slice(0, 3)
      .map(({ kind, name, error }) => `${kind} '${name}': ${error instanceof Error ? error.message : String(error)}`);
    const more = failures.length > texts.length ? '; and more, see failures' : '';
    throw new TopologyFailed(
      `${failures.length} of ${count} could not be ${done}: ${texts.join('; ')}${more}`,
      failures,
    );
  }
}

const notTried = Symbol('not tried');

function putPolicy(api: Management, policy: Policy, options: OperationOptions): Promise<void> {
  const { name, pattern, applyTo, priority, definition } = policy;
  return api.putPolicy(name, { pattern, 'apply-to': applyTo, priority, definition }, options);
}
