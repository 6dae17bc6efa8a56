/**
 * The queues that keep the delays at the broker: one for each delay, `<queue>.retry.<ms>`, whose messages go back to the queue of
 * the jobs when they have been there so long. Must not publish.
 */
import type { Client, FieldTableInput } from '@puka/client';

/** A delay queue lives so long after its last declaration, and longer by its delay. */
const idleMs = 3_600_000;
/** It is declared again when its last declaration is older; what is left of `idleMs` bounds how long a publish may be on its way. */
const renewMs = 600_000;

/** The name of a delay queue. */
export function delayQueueName(queue: string, delayMs: number): string {
  return `${queue}.retry.${delayMs}`;
}

/**
 * The arguments of a delay queue. All its messages wait equally long, so that none waits for an earlier one with a longer delay. An expiry
 * takes the messages with it, and publishing is no use to RabbitMQ that puts it off: so it is longer than the delay. The type is
 * always stated, because a virtual host may have another default, and a quorum queue does not take a declaration for a use.
 */
export function delayQueueArguments(queue: string, delayMs: number, type: 'classic' | 'quorum'): FieldTableInput {
  return {
    'x-queue-type': type,
    'x-message-ttl': delayMs,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
    ...(type === 'classic'
      ? { 'x-expires': delayMs + idleMs }
      : { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' }),
  };
}

/** The delay queues of one worker. */
export class DelayQueues {
  private readonly client: Client;
  private readonly queue: string;
  private readonly type: 'classic' | 'quorum';
  private readonly now: () => number;
  private readonly declared = new Map<number, { readonly atMs: number; readonly name: Promise<string> }>();

  constructor(client: Client, queue: string, type: 'classic' | 'quorum', now: () => number) {
    this.client = client;
    this.queue = queue;
    this.type = type;
    this.now = now;
  }

  /** The name of the queue for a delay, which is there when it resolves, and for long enough. */
  ensure(delayMs: number): Promise<string> {
    const known = this.declared.get(delayMs);
    const nowMs = this.now();
    if (known !== undefined && nowMs - known.atMs < renewMs) return known.name;
    const name = this.declare(delayMs);
    this.declared.set(delayMs, { atMs: nowMs, name });
    name.catch(() => this.forget(delayMs));
    return name;
  }

  /** The queue is not there, or may not be: it is declared before it is used again. */
  forget(delayMs: number): void {
    this.declared.delete(delayMs);
  }

  /** What was declared may be gone, as when a broker was restarted or set up anew. */
  forgetAll(): void {
    this.declared.clear();
  }

  private async declare(delayMs: number): Promise<string> {
    const { queue } = this;
    const name = delayQueueName(queue, delayMs);
    await this.client.queueDeclare({
      queue: name,
      durable: true,
      arguments: delayQueueArguments(queue, delayMs, this.type),
    });
    return name;
  }
}
