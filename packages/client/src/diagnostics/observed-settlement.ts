/** Stands between a message and what settles it, and tells how it was settled. Must not settle by itself. */
import type { Settlement } from '../consuming/message.ts';
import type { SettlementData } from './diagnostics.ts';

/** The settlement of one message that was handed out. */
export class ObservedSettlement implements Settlement {
  private readonly inner: Settlement;
  private readonly tell: (settlement: SettlementData) => void;

  constructor(inner: Settlement, tell: (settlement: SettlementData) => void) {
    this.inner = inner;
    this.tell = tell;
  }

  get acksOnly(): boolean {
    return this.inner.acksOnly === true;
  }

  ack(deliveryTag: number): boolean {
    return this.told('basic.ack', false, this.inner.ack(deliveryTag));
  }

  reject(deliveryTag: number, requeue: boolean): boolean {
    return this.told('basic.reject', requeue, this.inner.reject(deliveryTag, requeue));
  }

  nack(deliveryTag: number, requeue: boolean): boolean {
    return this.told('basic.nack', requeue, this.inner.nack(deliveryTag, requeue));
  }

  private told(method: SettlementData['method'], requeue: boolean, isSent: boolean): boolean {
    this.tell({ method, requeue, isSent });
    return isSent;
  }
}
