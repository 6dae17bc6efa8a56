/** The errors of a publish that say which one it was: exchange and routing key, never the body. Pure. */
import {
  type ConnectionBroken,
  NoConsumers,
  NoRoute,
  type NotFound,
  PublishNacked,
  type PukaError,
  replyError,
  UsageError,
} from '@puka/errors';
import { cutOff } from '../session/closed-by-us.ts';
import type { PublishInput } from '../session/index.ts';
import type { PublishOperation } from './publish-operation.ts';

const method = 'basic.publish';

/** `unknown` for one that may have been taken over an earlier connection. */
type RefusedOutcome = 'refused' | 'unknown';

/** What `basic.return` reports of a publish. */
export function returnedError(
  replyCode: number,
  replyText: string,
  input: PublishInput,
  outcome: RefusedOutcome = 'refused',
): PukaError {
  const details = { method, scope: 'operation', outcome } as const;
  const place = `${placeOf(input)} (${replyCode}, ${method})`;
  if (replyCode === 312)
    return new NoRoute(`NO_ROUTE - no queue for a publish to ${place}`, { ...details, replyCode, replyText });
  if (replyCode === 313) {
    return new NoConsumers(`NO_CONSUMERS - no consumer for a publish to ${place}`, {
      ...details,
      replyCode,
      replyText,
    });
  }
  return replyError(replyCode, replyText, details);
}

/** The broker's `basic.nack` of a publish. */
export function nackedError(input: PublishInput, outcome: RefusedOutcome = 'refused'): PukaError {
  return new PublishNacked(`the broker refused the publish to ${placeOf(input)} (basic.nack)`, { method, outcome });
}

/** The exchange of a publish was looked up and is not there. No channel was closed for it. */
export function missingExchangeError({ replyText = '' }: NotFound, outcome: RefusedOutcome = 'refused'): PukaError {
  return replyError(404, replyText, { method, scope: 'operation', outcome });
}

/** @throws {UsageError} if the length of the body has changed since the call: otherwise an empty message would be sent instead. */
export function checkBody({ input, bodyBytes, hasLeft }: PublishOperation): void {
  if (input === undefined || input.body.length === bodyBytes) return;
  throw new UsageError(
    `the body of ${method} has ${input.body.length} bytes when it is sent, but had ${bodyBytes} at the call: its buffer was transferred or resized`,
    { method, outcome: hasLeft ? 'unknown' : 'not-sent' },
  );
}

/** The error of a publish if the client does not connect again. */
export function lostPublish({ hasLeft }: PublishOperation, cause: PukaError): ConnectionBroken {
  const details = { method, outcome: hasLeft ? 'unknown' : 'not-sent' } as const;
  return cutOff('before the publish was confirmed', cause, details);
}

/** The outcome of a publish that the broker refuses now: it may have accepted it over an earlier connection. */
export function outcomeOf({ hasLeft }: PublishOperation): RefusedOutcome {
  return hasLeft ? 'unknown' : 'refused';
}

/** Text of the caller's, without what would write into a terminal. */
function placeOf({ exchange, routingKey }: PublishInput): string {
  const place = exchange === '' ? 'the default exchange' : `exchange '${exchange}'`;
  return `${place} with routing key '${routingKey}'`.replace(/\p{Cc}/gu, '?');
}
