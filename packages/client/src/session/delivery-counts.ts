/** What became of the deliveries of channels, in numbers. */

/** Deliveries and gets of one channel or of many. */
export interface DeliveryCounts {
  /** Messages that came, those for gets included. */
  readonly received: number;
  readonly acked: number;
  /** By `basic.reject` and `basic.nack`, those included that went back without being handed out. */
  readonly rejected: number;
  /** Not settled. */
  readonly unsettled: number;
}

/** None. */
export const noDeliveries: DeliveryCounts = { received: 0, acked: 0, rejected: 0, unsettled: 0 };

/** Both together. */
export function addedCounts(one: DeliveryCounts, other: DeliveryCounts = noDeliveries): DeliveryCounts {
  return {
    received: one.received + other.received,
    acked: one.acked + other.acked,
    rejected: one.rejected + other.rejected,
    unsettled: one.unsettled + other.unsettled,
  };
}
