/**
 * The errors without a reply code, for the page about all errors. The classes themselves are written by hand in
 * `@puka/errors`; a test compares them with this list. Data only.
 */
import type { Blame, Outcome, Scope } from '@puka/errors';

/** An error class without a reply code and advice for its user. */
export interface LocalError {
  readonly className: string;
  readonly scope: Scope;
  readonly blame: Blame;
  readonly outcome: Outcome;
  readonly retryable: boolean;
  readonly meaning: string;
  readonly cause: string;
  readonly recovery: string;
}

/** Every error class without a reply code, but for the two base classes. */
export const localErrors: readonly LocalError[] = [
  {
    className: 'ConnectionBroken',
    scope: 'connection',
    blame: 'network',
    outcome: 'unknown',
    retryable: true,
    meaning: 'The connection could not be made, or it ended while the operation was under way.',
    cause:
      'A dead link, a restart of the broker, `close()`, or a hard error of another operation; `error.cause` names it.',
    recovery: "With `outcome: 'not-sent'` repeat it; with `unknown` repeat only what may safely be done twice.",
  },
  {
    className: 'UnsupportedProtocol',
    scope: 'connection',
    blame: 'caller',
    outcome: 'not-sent',
    retryable: false,
    meaning: 'The peer does not speak AMQP 0-9-1.',
    cause: 'An HTTP or TLS port, or another version of AMQP.',
    recovery: 'Correct the host, the port (5672, with TLS 5671) or the scheme (`amqp`, `amqps`).',
  },
  {
    className: 'AuthenticationFailed',
    scope: 'connection',
    blame: 'caller',
    outcome: 'refused',
    retryable: false,
    meaning: 'The broker refused the credentials.',
    cause: 'A wrong user or password, an expired token, or `guest` from another host.',
    recovery: 'Correct them, or fetch a new token.',
  },
  {
    className: 'HandshakeTimeout',
    scope: 'connection',
    blame: 'network',
    outcome: 'not-sent',
    retryable: true,
    meaning: 'Connecting took longer than `connectTimeout`.',
    cause: 'A firewall that drops packets, an overloaded broker, a plain connection to a TLS port.',
    recovery: 'Try again; if it fails again, check host, port and firewall.',
  },
  {
    className: 'PublishNacked',
    scope: 'operation',
    blame: 'broker',
    outcome: 'refused',
    retryable: true,
    meaning: 'The broker received the message and could not store it.',
    cause: 'A full queue with `overflow: reject-publish`, or a queue that failed at that moment.',
    recovery: 'Publish again after a pause; if the message goes to several queues, some may have it already.',
  },
  {
    className: 'ConsumerCancelled',
    scope: 'operation',
    blame: 'broker',
    outcome: 'refused',
    retryable: true,
    meaning: 'The broker ended the consumer; `error.queue` names the queue.',
    cause: 'The queue was deleted or lost its node, the permission was revoked, or an ack came too late.',
    recovery: 'Make sure that the queue exists, then consume again, or use `resubscribe: true`.',
  },
  {
    className: 'OperationTimeout',
    scope: 'operation',
    blame: 'network',
    outcome: 'unknown',
    retryable: true,
    meaning: 'The operation’s `timeout` passed before its outcome was known.',
    cause: 'A slow or blocked broker, a slow network, or too short a time.',
    recovery: 'Look at `outcome`: `not-sent` had no effect, `unknown` may still take effect.',
  },
  {
    className: 'UsageError',
    scope: 'operation',
    blame: 'caller',
    outcome: 'not-sent',
    retryable: false,
    meaning: 'The call itself is wrong; nothing was sent.',
    cause: 'An argument out of its range, a second settle of a message, an operation before `connect()`.',
    recovery: 'Change the program; the message names the argument, the value and the rule.',
  },
  {
    className: 'LimitExceeded',
    scope: 'operation',
    blame: 'caller',
    outcome: 'not-sent',
    retryable: false,
    meaning: "A limit of the client was reached. With `blame: 'peer'`, the peer sent more than the limit allows.",
    cause:
      'A message or its headers are too large; publishes without an outcome are more than twice `maxBufferedBytes`; or more operations wait for the connection than `maxHeldOperations`.',
    recovery: 'Send less, wait for `drained()`, or raise the limit that the message names.',
  },
];
