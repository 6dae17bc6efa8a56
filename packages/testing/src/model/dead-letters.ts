/** Sends a dead letter on: with its headers, by the queue's dead letter exchange. Must not decide that it is dead. */

import type { Exchange } from './exchanges/exchange.ts';
import { route } from './exchanges/route.ts';
import type { Message } from './message.ts';
import type { DeathReason, Queue } from './queues/queue.ts';
import { headersOfDead, isCycle } from './x-death.ts';

/** What sends dead letters on: the vhost of the queue. */
export interface DeadLetterHost {
  readonly nowMs: number;
  readonly exchanges: ReadonlyMap<string, Exchange>;
  /** Hands a message to queues. */
  deliver(names: readonly string[], message: Message): void;
  /** Runs a task after what is under way. */
  later(task: () => void): void;
}

/**
 * Publishes a message of `queue` to its dead letter exchange; if it has none, or the exchange is not there, the message
 * is lost. It reaches the queues after what is under way, as in RabbitMQ, where they are processes. RabbitMQ: docs/dlx.
 */
export function sendDeadLetter(vhost: DeadLetterHost, queue: Queue, message: Message, reason: DeathReason): void {
  const { arguments: args } = queue.settings;
  const name = args.text('x-dead-letter-exchange');
  const exchange = name === undefined ? undefined : vhost.exchanges.get(name);
  if (exchange === undefined) return;
  const key = args.text('x-dead-letter-routing-key');
  const headers = headersOfDead(message, { queue: queue.name, reason, nowMs: vhost.nowMs });
  // RabbitMQ: with a routing key of its own, the copies of the first publish are left out.
  const dead = message.with(key === undefined ? headers : headers.filter(([header]) => header !== 'CC'), {
    exchange: exchange.name,
    routingKeys: key === undefined ? message.routingKeys : [key],
    expiration: undefined,
  });
  const names = route(exchange, dead, (other) => vhost.exchanges.get(other));
  const targets = reason === 'rejected' ? names : names.filter((target) => !isCycle(dead, target));
  if (targets.length > 0) vhost.later(() => vhost.deliver(targets, dead));
}
