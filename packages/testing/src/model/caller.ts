/** The channel and connection that an operation is done for. Types only. */
import type { QueueOwner } from './queues/queue.ts';

/** A user on a connection. */
export interface Caller {
  readonly username: string;
  /** Exclusive queues belong to it. */
  readonly connection: QueueOwner;
}
