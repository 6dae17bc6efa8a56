/** Passes settlements of a message on, and reports how it was settled. Must not settle by itself. */
import type { Settlement } from '../consuming/message.ts';
import type { SettlementData } from './diagnostics.ts';

/** The settlement of one message that was handed out. */
export class ObservedSettlement implements Settlement {
  private readonly inner: Settlement;
  private readonly report: (settlement: SettlementData) => void;

  constructor(inner: Settlement, report: (settlement: SettlementData) => void) {
    this.inner = inner;
    this.report = report;
  }

  get acksOnly(): boolean {
    return this.inner.acksOnly === true;
  }

  ack(deliveryTag: number): boolean {
    return this.reported('basic.ack', false, this.inner.ack(deliveryTag));
  }

  reject(deliveryTag: number, requeue: boolean): boolean {
    return this.reported('basic.reject', requeue, this.inner.reject(deliveryTag, requeue));
  }

  nack(deliveryTag: number, requeue: boolean): boolean {
    return this.reported('basic.nack', requeue, this.inner.nack(deliveryTag, requeue));
  }

  private reported(method: SettlementData['method'], requeue: boolean, isSent: boolean): boolean {
    this.report({ method, requeue, isSent });
    return isSent;
  }
}
