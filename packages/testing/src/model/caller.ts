/** On whose behalf something is asked of the broker. Types only. */
import type { QueueOwner } from './queues/queue.ts';

/** A user on a connection. */
export interface Caller {
  readonly username: string;
  /** Exclusive queues belong to it. */
  readonly connection: QueueOwner;
}
