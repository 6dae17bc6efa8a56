/** Turns a reply code of the broker into an error of its class. Must not know where the code came from. */
import { AmqpError } from './amqp-error.ts';
import type { ErrorDetails } from './error-details.ts';
import { replyErrorClasses } from './generated/reply-error-classes.ts';
import { peerText } from './peer-text.ts';

/**
 * Makes the error for a reply code that the broker sent in `channel.close`, `connection.close` or `basic.return`.
 *
 * @param replyCode The code, 0 to 65535. For an unknown code the result is an {@link AmqpError} itself.
 * @param replyText The broker's text; may be empty. `replyText` of the error is the whole of it, the message shows it
 * as `peerText` returns it: at most 500 characters, without control characters.
 * @param details The other properties: the method that failed, a `scope` or an `outcome` other than the default of the class.
 * @returns An error whose message is the broker's text, led by the code's name and followed by code and method:
 * `NOT_FOUND - no queue 'jobs' in vhost '/' (404, queue.declare)`.
 *
 * @example
 * ```ts
 * import { NotFound, replyError } from '@puka/errors';
 *
 * const error = replyError(404, "NOT_FOUND - no queue 'jobs' in vhost '/'", { method: 'queue.declare' });
 * console.log(error instanceof NotFound, error.scope); // true channel
 * ```
 */
export function replyError(replyCode: number, replyText: string, details: ErrorDetails = {}): AmqpError {
  const entry = replyErrorClasses.get(replyCode);
  const shown = peerText(replyText);
  const text = entry === undefined ? shown || 'unknown reply code' : withName(entry.text, shown);
  const place = details.method === undefined ? `${replyCode}` : `${replyCode}, ${details.method}`;
  const Class = entry?.errorClass ?? AmqpError;
  return new Class(`${text} (${place})`, { ...details, replyCode, replyText });
}

/** RabbitMQ begins its texts with the name of the code, other brokers and `basic.return` may not. */
function withName(name: string, replyText: string): string {
  if (replyText === '') return name;
  return replyText.startsWith(name) ? replyText : `${name} - ${replyText}`;
}
