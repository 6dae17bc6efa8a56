/** A topology as its users hold it. Must not do anything itself: each call is the business of a file of its own. */
import type { Client } from '@puka/client';
import { UsageError } from '@puka/errors';
import { type Applied, type ApplyOptions, applyTopology } from './apply.ts';
import { type Checked, type CheckOptions, checkTopology } from './check.ts';
import { readDefinition, type TopologyData, type TopologyDefinition } from './definition.ts';
import { drawMermaid } from './mermaid.ts';
import { type Migrated, type MigrateOptions, migrateQueue } from './migrate.ts';
import { type Removed, type RemoveOptions, removeTopology } from './remove.ts';

/** Made by `defineTopology`. Immutable; the same one may be applied to many brokers. */
export class Topology<Exchange extends string = string, Queue extends string = string> {
  /** All of it, with nothing left unsaid. */
  readonly data: TopologyData;
  /** Its names, for the types. */
  declare protected readonly names: {
    /** Of its exchanges. */
    readonly exchange: Exchange;
    /** Of its queues. */
    readonly queue: Queue;
  };

  /** Use `defineTopology`. */
  constructor(data: TopologyData) {
    this.data = data;
  }

  /**
   * Makes what does not exist: policies, then exchanges and queues side by side, then bindings. Calling it again is no error. It
   * never changes or deletes an exchange, a queue or a binding; a policy of the same name is replaced.
   *
   * Rejects with `TopologyFailed`, which has each failure, when all else is done; with `ConnectionBroken` if the connection
   * was lost; with `UsageError` if the topology has policies and no management API is given.
   */
  apply(client: Client, options: ApplyOptions = {}): Promise<Applied> {
    return applyTopology(client, this.data, options);
  }

  /**
   * Returns what differs from the broker, and changes nothing. With the management API everything is compared; without it
   * passive declares show what is missing, and `redeclare` the first difference of each.
   *
   * Rejects with `ManagementFailed`, and with the client's errors.
   */
  check(client: Client, options: CheckOptions = {}): Promise<Checked> {
    return checkTopology(client, this.data, options);
  }

  /**
   * Deletes its queues, with their messages, its exchanges and policies; what is external stays. What is not there is no error.
   *
   * Rejects with `TopologyFailed`, which has each failure, when all else is done.
   */
  remove(client: Client, options: RemoveOptions = {}): Promise<Removed> {
    return removeTopology(client, this.data, options);
  }

  /**
   * Brings one queue to the arguments of the topology, with its messages: they move by way of `<name>.migration`, each
   * acked when its copy is confirmed. A second call continues where the first was cut off. At least once: a message may come twice.
   *
   * Rejects with the error that stopped it, such as `PreconditionFailed` for a queue that has consumers, and `UsageError` for a stream
   * and for a topology that has a queue or an exchange with a name that the migration uses itself.
   */
  async migrate(client: Client, queue: Queue, options: MigrateOptions = {}): Promise<Migrated> {
    const found = this.data.queues.find(({ name }) => name === queue);
    if (found === undefined) throw new UsageError(`queue '${queue}' is not in the topology`);
    const bindings = this.data.bindings.filter(
      ({ destinationKind, destination }) => destinationKind === 'queue' && destination === queue,
    );
    return migrateQueue(client, { queue: found, bindings, topology: this.data }, options);
  }

  /** @returns it as a flow chart of Mermaid, which GitHub and others draw: ```` ```mermaid ````. */
  toMermaid(): string {
    return drawMermaid(this.data);
  }
}

/**
 * Exchanges, queues, bindings and policies as data.
 *
 * @throws {UsageError} for a bad name, and for a binding to what is not in it.
 * @example
 * ```ts
 * import { Client } from '@puka/client';
 * import { defineTopology, quorumQueue } from '@puka/topology';
 *
 * const orders = defineTopology({
 *   exchanges: { orders: { type: 'topic' }, 'orders.dead': { type: 'fanout' } },
 *   queues: {
 *     billing: quorumQueue({ deliveryLimit: 5, deadLetter: { exchange: 'orders.dead' } }),
 *     'billing.dead': quorumQueue(),
 *   },
 *   bindings: [
 *     { exchange: 'orders', queue: 'billing', routingKey: ['order.placed', 'order.paid'] },
 *     { exchange: 'orders.dead', queue: 'billing.dead' },
 *   ],
 * });
 *
 * const client = new Client();
 * await client.connect();
 * await orders.apply(client);
 * ```
 */
export function defineTopology<const Exchange extends string = never, const Queue extends string = never>(
  definition: TopologyDefinition<Exchange, Queue>,
): Topology<Exchange, Queue> {
  return new Topology(readDefinition(definition));
}
