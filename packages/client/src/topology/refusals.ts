/**
 * What a refusal during recovery means: whether the entity is there, comes back, belongs to another connection for now, or is lost; and
 * how long to wait before the next try. Pure; must not retry.
 */
import {
  AmqpError,
  ConnectionBroken,
  ConsumerCancelled,
  LimitExceeded,
  NotFound,
  PreconditionFailed,
  type PukaError,
  ResourceLocked,
} from '@puka/errors';

/**
 * `away`: it exists and cannot be reached now. `missing`: it is not there. `locked`: the broker still takes it for the lost
 * connection's. `different`: it exists, made in another way. `refused`: it cannot be made. `dropped`: the connection
 * is open, and the broker has refused nothing. It cancelled the consumer before its answer, or something else closed the
 * channel. `lost`: the connection is gone.
 */
export type Refusal = 'away' | 'missing' | 'locked' | 'different' | 'refused' | 'dropped' | 'lost';

/** The delays before the tries of what is locked, in milliseconds: the broker finds a dead connection in its own time. */
const firstLockedDelayMs = 250;
const longestLockedDelayMs = 5000;

/** RabbitMQ: queues whose node or process is away just now. */
const awayTexts = /down or inaccessible|stopped by supervisor|crashed|due to timeout|process is stopped/i;

/** @returns what the refusal of a declare, a bind or a consume means. */
export function refusalOf(error: PukaError): Refusal {
  if (error instanceof ConsumerCancelled) return 'dropped';
  if (error instanceof ConnectionBroken && error.scope === 'channel') return 'dropped';
  // It fits no frame of this connection.
  if (error instanceof LimitExceeded && error.scope === 'operation') return 'refused';
  if (!(error instanceof AmqpError) || error.scope === 'connection') return 'lost';
  const text = error.replyText ?? '';
  if (error instanceof ResourceLocked) return 'locked';
  if (error instanceof NotFound) return awayTexts.test(text) ? 'away' : 'missing';
  if (error instanceof PreconditionFailed) {
    if (/inequivalent/i.test(text)) return 'different';
    return /replica|no leader|timed? ?out/i.test(text) ? 'away' : 'refused';
  }
  // RabbitMQ: "queue 'q' in vhost '/' in exclusive use".
  return /in exclusive use/i.test(text) ? 'locked' : 'refused';
}

/**
 * The delay before the next try of what was refused, in milliseconds.
 *
 * @param previousMs the delay before this try; `undefined` for the first.
 * @param bounds those of what is missing or away, in milliseconds.
 */
export function retryDelayMs(
  refusal: Refusal,
  previousMs: number | undefined,
  { minDelay, maxDelay }: { readonly minDelay: number; readonly maxDelay: number },
): number {
  if (refusal === 'locked') return lockedDelayMs(previousMs);
  return Math.min(maxDelay, previousMs === undefined ? Math.max(1, minDelay) : previousMs * 2);
}

/** The same for what the broker takes for the lost connection's. */
export function lockedDelayMs(previousMs: number | undefined): number {
  return previousMs === undefined ? firstLockedDelayMs : Math.min(longestLockedDelayMs, previousMs * 1.5);
}
