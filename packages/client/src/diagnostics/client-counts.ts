/** What a client has done, in numbers, over all its connections. Must not know which operations they were. */
import type { Operation, OutcomeCounts } from '../operations/operation.ts';
import { PublishCounts } from '../publishing/publish-counts.ts';
import { LazyMap } from '../runtime/lazy-collections.ts';
import { type DeliveryCounts, noDeliveries } from '../session/delivery-counts.ts';

/** Requests of one method. */
export interface RequestCounts {
  /** The broker has answered. */
  readonly succeeded: number;
  /** Refused, given up, or lost with the connection. */
  readonly failed: number;
  /** Without an outcome. */
  readonly open: number;
}

/** The counts of one client. */
export class ClientCounts {
  readonly publishes: PublishCounts = new PublishCounts();
  readonly connections = { opened: 0, failed: 0, lost: 0 };
  readonly traffic = { receivedBytes: 0, sentBytes: 0 };
  /** Of channels that are closed. */
  deliveries: DeliveryCounts = noDeliveries;
  private readonly byMethod = new LazyMap<string, OutcomeCounts>();

  /** A request is called. */
  request(operation: Operation<never> | Operation<unknown>): void {
    const counts = this.byMethod.get(operation.method) ?? { succeeded: 0, failed: 0, open: 0 };
    this.byMethod.set(operation.method, counts);
    if (operation.state === 'pending') {
      counts.open++;
      operation.counts = counts;
    } else if (operation.state === 'fulfilled') counts.succeeded++;
    // A consume that was refused at the call is counted after it.
    else counts.failed++;
  }

  /** By the AMQP name of the method. */
  get requests(): Readonly<Record<string, RequestCounts>> {
    return Object.fromEntries([...this.byMethod].sort().map(([method, counts]) => [method, { ...counts }]));
  }
}
