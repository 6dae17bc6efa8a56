/** What a channel has delivered and not yet got an ack for, by delivery tag. Must not settle anything with a queue. */
import { PreconditionFailed } from '@puka/errors';
import type { QueuedMessage } from '../model/queued-message.ts';
import type { Queue } from '../model/queues/queue.ts';

/** One delivery that awaits its ack. */
export interface UnackedDelivery {
  readonly deliveryTag: number;
  readonly queue: Queue;
  readonly entry: QueuedMessage;
  /** Of the consumer; `undefined` for `basic.get`. */
  readonly consumerTag: string | undefined;
  readonly deliveredAtMs: number;
}

/** Deliveries that are settled with a queue in one go. */
export interface SettledGroup {
  readonly queue: Queue;
  readonly consumerTag: string | undefined;
  readonly entries: readonly QueuedMessage[];
}

/** What a channel has delivered and not yet got an ack for, by delivery tag. */
export class UnackedDeliveries {
  /** In the order of the delivery tags. */
  private deliveries = new Map<number, UnackedDelivery>();

  get size(): number {
    return this.deliveries.size;
  }

  /** The one that has waited longest. */
  get oldest(): UnackedDelivery | undefined {
    for (const delivery of this.deliveries.values()) return delivery;
    return undefined;
  }

  get all(): readonly UnackedDelivery[] {
    return [...this.deliveries.values()];
  }

  add(delivery: UnackedDelivery): void {
    this.deliveries.set(delivery.deliveryTag, delivery);
  }

  /**
   * Takes out what an ack speaks of. AMQP 0-9-1 §1.8.3.13: 0 with `multiple` is all there are.
   *
   * @throws {PreconditionFailed} for a tag that is not there, with `multiple` too.
   */
  take(deliveryTag: number, multiple: boolean): readonly UnackedDelivery[] {
    if (multiple && deliveryTag === 0) return this.takeAll();
    const last = this.deliveries.get(deliveryTag);
    if (last === undefined) throw new PreconditionFailed(`unknown delivery tag ${deliveryTag}`);
    const taken: UnackedDelivery[] = [];
    if (multiple) {
      for (const delivery of this.deliveries.values()) {
        if (delivery.deliveryTag > deliveryTag) break;
        taken.push(delivery);
      }
    } else {
      taken.push(last);
    }
    for (const delivery of taken) this.deliveries.delete(delivery.deliveryTag);
    return taken;
  }

  takeAll(): readonly UnackedDelivery[] {
    const { all } = this;
    this.deliveries.clear();
    return all;
  }

  /** Puts deliveries back that were taken out, as after a rollback. */
  putBack(deliveries: readonly UnackedDelivery[]): void {
    const sorted = [...this.all, ...deliveries].sort((a, b) => a.deliveryTag - b.deliveryTag);
    this.deliveries = new Map(sorted.map((delivery) => [delivery.deliveryTag, delivery]));
  }
}

/**
 * Sorts settled deliveries by queue and consumer, which RabbitMQ settles one group after the other: by the names of the
 * queues, gets before consumers. It shows where messages are requeued, for each group is delivered again before the next.
 */
export function groupsOf(deliveries: readonly UnackedDelivery[]): readonly SettledGroup[] {
  const [first] = deliveries;
  if (deliveries.length === 1 && first !== undefined) return [{ ...first, entries: [first.entry] }];
  const groups = new Map<string, { readonly first: UnackedDelivery; readonly entries: QueuedMessage[] }>();
  for (const delivery of deliveries.toSorted((a, b) => a.deliveryTag - b.deliveryTag)) {
    const { queue, consumerTag, deliveryTag, entry } = delivery;
    const key = `${queue.name}\0${consumerTag === undefined ? deliveryTag : `c${consumerTag}`}`;
    const group = groups.get(key);
    // A queue that was deleted and declared again is another one.
    if (group?.first.queue === queue) group.entries.push(entry);
    else groups.set(group === undefined ? key : `${key}\0${deliveryTag}`, { first: delivery, entries: [entry] });
  }
  return [...groups.values()]
    .sort((a, b) => compare(a.first, b.first))
    .map((group) => ({ queue: group.first.queue, consumerTag: group.first.consumerTag, entries: group.entries }));
}

function compare(a: UnackedDelivery, b: UnackedDelivery): number {
  if (a.queue.name !== b.queue.name) return a.queue.name < b.queue.name ? -1 : 1;
  if (a.consumerTag === undefined || b.consumerTag === undefined) {
    if (a.consumerTag === b.consumerTag) return a.deliveryTag - b.deliveryTag;
    return a.consumerTag === undefined ? -1 : 1;
  }
  return a.consumerTag < b.consumerTag ? -1 : a.consumerTag > b.consumerTag ? 1 : 0;
}
