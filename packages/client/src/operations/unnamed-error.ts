/**
 * A connection that the broker closed for an error of its own, without naming a method: RabbitMQ does so when a channel
 * crashes. Whatever was under way may have caused it, and would cause it again. Pure.
 */
import { AmqpError } from '@puka/errors';

/** So many connections in a row may end so under one operation: it is sent alone by then, and did it. */
export const mostUnnamedEnds = 3;

/** Whether anything under way may have caused it. */
export function isUnnamedError(error: unknown): error is AmqpError {
  if (!(error instanceof AmqpError) || error.scope !== 'connection' || error.method !== undefined) return false;
  // 320 and the like come from an operator; no operation caused them.
  return (error.replyCode ?? 0) >= 500;
}
