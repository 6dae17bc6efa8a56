/** What a transaction holds back until its commit: publishes and settlements. Must not do either. AMQP 0-9-1 §1.9. */
import type { Message } from '../model/message.ts';
import type { Settlement } from '../model/queues/queue.ts';
import type { UnackedDelivery } from './unacked-deliveries.ts';

/** A publish that has been routed already. */
export interface HeldPublish {
  readonly message: Message;
  readonly queues: readonly string[];
  readonly mandatory: boolean;
}

/** Deliveries to settle in the same way, in one run. */
export interface HeldSettlement {
  readonly settlement: Settlement;
  readonly deliveries: UnackedDelivery[];
}

/** What a transaction holds back until its commit: publishes and settlements. */
export class Transaction {
  private publishes: HeldPublish[] = [];
  private settlements: HeldSettlement[] = [];

  addPublish(publish: HeldPublish): void {
    this.publishes.push(publish);
  }

  addSettlement(settlement: Settlement, deliveries: readonly UnackedDelivery[]): void {
    const last = this.settlements.at(-1);
    if (last?.settlement === settlement) last.deliveries.push(...deliveries);
    else this.settlements.push({ settlement, deliveries: [...deliveries] });
  }

  /** Takes everything out; another transaction begins. */
  take(): { readonly publishes: readonly HeldPublish[]; readonly settlements: readonly HeldSettlement[] } {
    const { publishes, settlements } = this;
    this.publishes = [];
    this.settlements = [];
    return { publishes, settlements };
  }
}
