/** The connections a server has accepted: hands them out in order and knows how many are open. */
import type { ContractPeer } from './harness.ts';
import { Signal } from './received-bytes.ts';

export class AcceptedPeers {
  readonly #unclaimed: ContractPeer[] = [];
  readonly #claims: Signal<ContractPeer>[] = [];
  #openCount = 0;
  #idleSignals: Signal[] = [];

  add(peer: ContractPeer): void {
    const claim = this.#claims.shift();
    if (claim === undefined) this.#unclaimed.push(peer);
    else claim.resolve(peer);
  }

  next(): Promise<ContractPeer> {
    const peer = this.#unclaimed.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    const claim = new Signal<ContractPeer>();
    this.#claims.push(claim);
    return claim.promise;
  }

  /** Counts a connection as open until the promise resolves. */
  track(closed: Promise<void>): void {
    this.#openCount += 1;
    void closed.then(() => this.#untrack());
  }

  /** Resolves when no connection is open. */
  idle(): Promise<void> {
    if (this.#openCount === 0) return Promise.resolve();
    const signal = new Signal();
    this.#idleSignals.push(signal);
    return signal.promise;
  }

  #untrack(): void {
    this.#openCount -= 1;
    if (this.#openCount > 0) return;
    for (const signal of this.#idleSignals) signal.resolve();
    this.#idleSignals = [];
  }
}
