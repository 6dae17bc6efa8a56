/** Queues that are down, and RabbitMQ's words for them. Must not stop or start one. */
import { FaultRefusal } from './fault-refusal.ts';
import type { Queue } from './queues/queue.ts';
import { resourceText } from './resource.ts';

/**
 * Why a queue is down, in RabbitMQ's terms: its node is down, its supervisor has stopped it, it has crashed, or it does not
 * answer in time.
 */
export type StopReason = 'node' | 'supervisor' | 'crash' | 'timeout';

/** A queue that is down. */
export interface StoppedQueue {
  readonly queue: Queue;
  readonly reason: StopReason;
}

/** What is known of the queues of a vhost that are down. */
interface StoppedQueues {
  readonly stoppedQueues: ReadonlyMap<string, StoppedQueue>;
}

/** @throws {FaultRefusal} 404 if the queue is down. RabbitMQ: `rabbit_amqqueue:absent`. */
export function checkNotStopped({ stoppedQueues }: StoppedQueues, name: string): void {
  const stopped = stoppedQueues.get(name);
  if (stopped !== undefined) throw new FaultRefusal(404, stoppedText(stopped));
}

/** Whether a delete takes such a queue away instead of being refused. RabbitMQ: `rabbit_amqqueue:delete_with`. */
export function isDeletable({ reason }: StoppedQueue): boolean {
  return reason === 'supervisor' || reason === 'crash';
}

function stoppedText({ queue: { resource }, reason }: StoppedQueue): string {
  const text = resourceText(resource);
  switch (reason) {
    case 'node':
      return `home node 'rabbit@localhost' of durable ${text} is down or inaccessible`;
    case 'supervisor':
      return `${text} process is stopped by supervisor`;
    case 'crash':
      return `${text} has crashed and failed to restart`;
    case 'timeout':
      return `failed to perform operation on ${text} due to timeout`;
    default: {
      const never: never = reason;
      return never;
    }
  }
}
