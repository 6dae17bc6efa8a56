/**
 * Queues whose consume made the broker close the whole connection: each is subscribed to alone, long after the others, so
 * that these do not go down with it. RabbitMQ sends consume-ok of a quorum queue before the queue has agreed; if it has no
 * leader the connection is closed up to 30 s later.
 * Must not subscribe: its caller does.
 */
import { AmqpError, type PukaError } from '@puka/errors';
import type { Deadlines } from '../runtime/deadlines.ts';
import { LazyMap } from '../runtime/lazy-collections.ts';

/** What the quarantine needs of its client. */
export interface QuarantineHost {
  readonly deadlines: Deadlines;
  now(): number;
}

const firstDelayMs = 30_000;
const longestDelayMs = 600_000;
/** A connection that is still open so long after the consume has taken it. */
const trialMs = 35_000;

/** The quarantine of one client. It outlives the connections. */
export class Quarantine {
  readonly #host: QuarantineHost;
  /** The queues in it, and how often each has ended a connection. */
  private readonly failures = new LazyMap<string, number>();
  private onTrial: string | undefined = undefined;
  private undo: (() => void) | undefined = undefined;

  constructor(host: QuarantineHost) {
    this.#host = host;
  }

  /** Whether the queue must not be subscribed to now. */
  holds(queue: string): boolean {
    return this.failures.size > 0 && this.failures.has(queue) && this.onTrial !== queue;
  }

  /** The connection is lost: a queue that its error names goes into quarantine. @returns that queue. */
  connectionLost(error: PukaError): string | undefined {
    this.undo?.();
    this.undo = undefined;
    this.onTrial = undefined;
    if (!(error instanceof AmqpError) || error.scope !== 'connection' || error.method !== 'basic.consume')
      return undefined;
    const queue = /queue '([^']*)'/.exec(error.replyText ?? '')?.[1];
    if (queue !== undefined) this.failures.set(queue, (this.failures.get(queue) ?? 0) + 1);
    return queue;
  }

  /** A connection is open. @param subscribe is called for each queue when its time has come, one after the other. */
  connected(subscribe: (queue: string) => void): void {
    const [next] = [...this.failures].sort(([, one], [, other]) => one - other);
    if (next === undefined) return;
    const [queue, failures] = next;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1));
    this.undo = this.later(delayMs, () => {
      this.onTrial = queue;
      subscribe(queue);
      this.undo = this.later(trialMs, () => {
        this.failures.delete(queue);
        this.onTrial = undefined;
        this.connected(subscribe);
      });
    });
  }

  /** Nothing more follows. */
  clear(): void {
    this.undo?.();
    this.undo = undefined;
    this.onTrial = undefined;
    this.failures.clear();
  }

  private later(delayMs: number, call: () => void): () => void {
    return this.#host.deadlines.add(this.#host.now() + delayMs, call, { keepsProcess: false });
  }
}
