/** Takes a topology away: bindings between what others made, queues, exchanges, policies. Must not touch what is external. */
import type { Client, OperationOptions } from '@puka/client';
import { PreconditionFailed, UsageError } from '@puka/errors';
import { Attempts, unbind } from './apply.ts';
import type { Queue, TopologyData } from './definition.ts';
import { lookAt } from './look.ts';
import { Management, type ManagementOptions } from './management.ts';
import { checkBoolean, checkNames } from './ranges.ts';

/** Options of `remove`. `timeout` and `signal` hold for each operation. */
export interface RemoveOptions extends OperationOptions {
  /** The management API: needed if the topology has policies. */
  readonly management?: string | ManagementOptions | undefined;
  /** Leave queues that have consumers: they are failures. RabbitMQ reports no consumers of a stream. Default `false`. */
  readonly ifUnused?: boolean | undefined;
  /** Leave queues that have messages: they are failures. Default `false`. */
  readonly ifEmpty?: boolean | undefined;
}

/** What went. */
export interface Removed {
  /** Exchanges that were deleted. */
  readonly exchanges: number;
  /** Queues that were deleted. */
  readonly queues: number;
  /** Policies that were deleted. */
  readonly policies: number;
  /** Messages that went with the queues. */
  readonly messageCount: number;
}

/** @throws (rejects) {TopologyFailed} with all that could not be removed. What is not there is no failure. */
export async function removeTopology(client: Client, data: TopologyData, options: RemoveOptions): Promise<Removed> {
  checkNames<keyof RemoveOptions>('remove', options, ['management', 'ifUnused', 'ifEmpty', 'signal', 'timeout']);
  const { signal, timeout, management, ifUnused = false, ifEmpty = false } = options;
  for (const [name, value] of Object.entries({ ifUnused, ifEmpty })) checkBoolean(name, value);
  const each: OperationOptions = { signal, timeout };
  if (data.policies.length > 0 && management === undefined) {
    throw new UsageError('the topology has policies: remove takes management');
  }
  // Before any delete, so that a wrong URL changes nothing.
  const api = management === undefined ? undefined : new Management(management);
  const work = new Attempts();
  const queues = data.queues.filter(({ external }) => !external);
  const exchanges = data.exchanges.filter(({ external }) => !external);
  const own = { queue: new Set(queues.map(nameOf)), exchange: new Set(exchanges.map(nameOf)) };
  // All others go with one of their ends.
  const between = data.bindings.filter(
    ({ source, destination, destinationKind }) => !own.exchange.has(source) && !own[destinationKind].has(destination),
  );
  await work.all('binding', between, (binding) => unbind(client, binding, each));
  let messageCount = 0;
  await work.all('queue', queues, async (queue) => {
    // Read the sum after the await: the queues are deleted in parallel.
    const dropped = await deleteQueue(client, queue, { ifUnused, ifEmpty }, each);
    messageCount += dropped;
  });
  await work.all('exchange', exchanges, ({ name }) => nothing(client.exchangeDelete({ exchange: name, ...each })));
  if (api !== undefined) await work.all('policy', data.policies, ({ name }) => api.deletePolicy(name, each));
  work.finish('removed', signal);
  return { exchanges: exchanges.length, queues: queues.length, policies: data.policies.length, messageCount };
}

/** @returns how many messages were deleted with it. */
async function deleteQueue(
  client: Client,
  queue: Queue,
  conditions: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
  each: OperationOptions,
): Promise<number> {
  const { name } = queue;
  const isAsked = conditions.ifUnused || conditions.ifEmpty;
  if (!isAsked) return (await client.queueDelete({ queue: name, ...each })).messageCount;
  const type = queue.arguments.get('x-queue-type') ?? 'classic';
  if (type === 'classic') return (await client.queueDelete({ queue: name, ...conditions, ...each })).messageCount;
  // RabbitMQ closes the connection (540) when a quorum queue is deleted under a condition, and ignores it for streams.
  return deleteIfIdle(client, name, conditions, each);
}

/** Looks, then deletes: what comes in between is not seen. One that is not there is no error. @returns messages dropped. */
export async function deleteIfIdle(
  client: Client,
  queue: string,
  { ifUnused, ifEmpty }: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
  each: OperationOptions,
): Promise<number> {
  const found = await lookAt(client, queue, each);
  if (found === undefined) return 0;
  const { messageCount, consumerCount } = found;
  if (ifEmpty && messageCount > 0) throw new PreconditionFailed(`queue '${queue}' has ${messageCount} messages`);
  if (ifUnused && consumerCount > 0) throw new PreconditionFailed(`queue '${queue}' has ${consumerCount} consumers`);
  return (await client.queueDelete({ queue, ...each })).messageCount;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

async function nothing(work: PromiseLike<unknown>): Promise<void> {
  await work;
}
