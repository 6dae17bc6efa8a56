/** What a relay has done so far, in numbers. It must not decide anything. */

/** Why a relay refused a request, or closed a WebSocket. */
export type RelayEnd =
  | 'badRequest'
  | 'badPath'
  | 'badOrigin'
  | 'tooManyConnections'
  | 'brokerUnreachable'
  | 'brokerLost'
  | 'clientLost'
  | 'handshakeTimeout'
  | 'idle'
  | 'stopped'
  | 'done';

/** A copy of the numbers. */
export interface RelayCounts {
  /** WebSockets that are open now. */
  readonly open: number;
  /** The most that were open at the same time. */
  readonly mostOpen: number;
  readonly accepted: number;
  /** Bytes from clients to the broker. */
  readonly bytesUp: number;
  /** Bytes from the broker to clients. */
  readonly bytesDown: number;
  /** Bytes that wait in this process, in either direction. */
  readonly bufferedBytes: number;
  /** How many requests and WebSockets ended for which reason. */
  readonly ends: Readonly<Partial<Record<RelayEnd, number>>>;
}

/** Counts for one relay. */
export class RelayCounter {
  #open = 0;
  #mostOpen = 0;
  #accepted = 0;
  readonly #ends = new Map<RelayEnd, number>();
  bytesUp = 0;
  bytesDown = 0;

  opened(): void {
    this.#accepted += 1;
    this.#open += 1;
    this.#mostOpen = Math.max(this.#mostOpen, this.#open);
  }

  closed(): void {
    this.#open -= 1;
  }

  ended(why: RelayEnd): void {
    this.#ends.set(why, (this.#ends.get(why) ?? 0) + 1);
  }

  get open(): number {
    return this.#open;
  }

  /** @param bufferedBytes what waits in the bridges. */
  read(bufferedBytes: number): RelayCounts {
    return {
      ...{ open: this.#open, mostOpen: this.#mostOpen, accepted: this.#accepted },
      ...{ bytesUp: this.bytesUp, bytesDown: this.bytesDown, bufferedBytes, ends: Object.fromEntries(this.#ends) },
    };
  }
}
