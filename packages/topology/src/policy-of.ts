/** A queue's or stream's arguments as the definition of a policy. Must not send anything. */
import { UsageError } from '@puka/errors';
import type { QueueArguments } from './queue-arguments.ts';

/** What RabbitMQ takes as an argument only; a policy cannot set it. docs/parameters#policies */
const argumentsOnly = new Set([
  'x-max-priority',
  'x-single-active-consumer',
  'x-quorum-initial-group-size',
  'x-initial-cluster-size',
  'x-stream-filter-size-bytes',
]);

/**
 * The same settings as the definition of a policy, which can be changed while the queue lives; an argument cannot.
 *
 * @throws {UsageError} for what only an argument can set, such as `maxPriority`.
 * @example
 * ```ts
 * import { defineTopology, policyOf, quorumQueue } from '@puka/topology';
 *
 * const topology = defineTopology({
 *   queues: { jobs: quorumQueue() },
 *   policies: { jobs: { pattern: '^jobs$', definition: policyOf(quorumQueue({ deliveryLimit: 5, maxLength: 100_000 })) } },
 * });
 * ```
 */
export function policyOf(queue: QueueArguments): Readonly<Record<string, string | number | boolean>> {
  const definition: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(queue.arguments)) {
    if (name === 'x-queue-type') continue;
    if (argumentsOnly.has(name)) throw new UsageError(`${name} is an argument only; a policy cannot set it`);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    definition[name.replace(/^x-/, '')] = value;
  }
  return definition;
}
