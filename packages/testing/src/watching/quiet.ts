/** Whether a broker is at rest, and the tests that wait for that. Must not poll. */
import { clearTimeout, setTimeout } from 'node:timers';
import type { BrokerModel } from '../model/broker-model.ts';
import type { ServerConnection } from '../protocol/server-connection.ts';
import type { WaitOptions, Waits } from './waits.ts';

/** What a broker at rest is looked for in. */
export interface QuietSources {
  readonly broker: BrokerModel;
  readonly connections: () => Iterable<ServerConnection>;
}

interface Waiter {
  readonly quietMs: number;
  readonly done: (value: undefined) => void;
}

/**
 * At rest means: nothing is unacked, nothing waits for a consumer that could take it, no publish
 * waits for its outcome, no message and no handshake is half there, and nothing has come for some milliseconds. What a
 * client has not yet sent cannot be known.
 */
export class Quiet {
  private readonly sources: QuietSources;
  private readonly waits: Waits;
  private readonly waiting = new Set<Waiter>();
  private timer: NodeJS.Timeout | undefined;

  constructor(sources: QuietSources, waits: Waits) {
    this.sources = sources;
    this.waits = waits;
  }

  /** Resolves when the broker is at rest. @throws (rejects) {OperationTimeout} whose text has what is not. */
  idle(options: WaitOptions & { readonly quietMs?: number }): Promise<void> {
    const { quietMs = 5 } = options;
    return this.waits.start<undefined>(options, {
      describe: () => `idle(): ${this.unrest ?? 'the clients go on'}; the broker did not become idle`,
      begin: (done) => {
        const waiter = { quietMs, done };
        this.waiting.add(waiter);
        this.turnOver();
        return () => this.leave(waiter);
      },
    });
  }

  /** Something has happened: the rest begins anew. */
  turnOver(): void {
    if (this.waiting.size === 0) return;
    clearTimeout(this.timer);
    if (this.unrest !== undefined) return;
    const quietMs = Math.max(...Array.from(this.waiting, (each) => each.quietMs));
    this.timer = setTimeout(() => this.settle(), quietMs);
  }

  private settle(): void {
    for (const { done } of [...this.waiting]) done(undefined);
  }

  private leave(waiter: Waiter): void {
    this.waiting.delete(waiter);
    if (this.waiting.size === 0) clearTimeout(this.timer);
  }

  /** What is not at rest; `undefined` where everything is. */
  private get unrest(): string | undefined {
    for (const vhost of this.sources.broker.vhosts.values()) {
      for (const queue of vhost.queues.values()) {
        if (queue.unackedCount > 0) return `queue '${queue.name}' has ${queue.unackedCount} unacked`;
        if (queue.isDelivering) return `queue '${queue.name}' waits for a client that does not read`;
      }
    }
    for (const { name, state, open, isBlocked } of this.sources.connections()) {
      if (state !== 'running' && state !== 'closed' && state !== 'silent') return `connection ${name} is ${state}`;
      if (isBlocked) return `connection ${name} is blocked`;
      for (const { id, content, confirms } of open?.channels.values() ?? []) {
        if (content.isUnderWay) return `half a message has come on channel ${id} of ${name}`;
        if (confirms.openCount > 0) return `channel ${id} of ${name} waits for ${confirms.openCount} confirms`;
      }
    }
    return undefined;
  }
}
