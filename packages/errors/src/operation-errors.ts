/**
 * The errors of a single operation that have no reply code. The connection and every other operation go on.
 * Must not hold the errors of a connection (`connection-errors.ts`).
 */
import type { ErrorDetails, ErrorTraits } from './error-details.ts';
import { PukaError } from './puka-error.ts';

/**
 * The broker received the message and could not store it: it answered the publish with `basic.nack`. The usual cause is a
 * queue over its length limit with `overflow: reject-publish`, or a queue that failed at that moment.
 *
 * Recover: publish again after a pause. The message is in none or only some of the queues.
 */
export class PublishNacked extends PukaError {
  /** The defaults of this class. */
  static override readonly traits: ErrorTraits = {
    name: 'PublishNacked',
    code: 'PUBLISH_NACKED',
    blame: 'broker',
    scope: 'operation',
    retryable: true,
    outcome: 'refused',
  };
  declare readonly code: 'PUBLISH_NACKED';
}

/** The properties of an ended consumer, beside the common ones. */
export interface ConsumerCancelledDetails extends ErrorDetails {
  /** The queue whose consumer ended. */
  readonly queue?: string | undefined;
  /** The consumer's tag on its channel. */
  readonly consumerTag?: string | undefined;
}

/**
 * The broker ended a consumer: its queue was deleted or lost its node, the permission was revoked, or a delivery was not
 * acknowledged in time.
 *
 * Recover: make sure that the queue exists, then consume again, or use `resubscribe: true`.
 */
export class ConsumerCancelled extends PukaError {
  /** The defaults of this class. */
  static override readonly traits: ErrorTraits = {
    name: 'ConsumerCancelled',
    code: 'CONSUMER_CANCELLED',
    blame: 'broker',
    scope: 'operation',
    retryable: true,
    outcome: 'refused',
  };
  declare readonly code: 'CONSUMER_CANCELLED';
  /** The queue whose consumer ended; `undefined` if it is not known. */
  declare readonly queue: string | undefined;
  /** The tag of the consumer that ended; `undefined` if it is not known. */
  declare readonly consumerTag: string | undefined;

  /**
   * @param message What happened, naming the queue.
   * @param details Queue, consumer tag and the common details.
   */
  constructor(message: string, details: ConsumerCancelledDetails = {}) {
    super(message, details);
    if (details.queue !== undefined) this.queue = details.queue;
    if (details.consumerTag !== undefined) this.consumerTag = details.consumerTag;
  }
}

/**
 * The operation's own `timeout` passed before its outcome was known.
 *
 * Recover: look at `outcome`: `not-sent` had no effect, `unknown` may still take effect after the time-out.
 */
export class OperationTimeout extends PukaError {
  /** The defaults of this class. */
  static override readonly traits: ErrorTraits = {
    name: 'OperationTimeout',
    code: 'OPERATION_TIMEOUT',
    blame: 'network',
    scope: 'operation',
    retryable: true,
    outcome: 'unknown',
  };
  declare readonly code: 'OPERATION_TIMEOUT';
}

/**
 * The call itself is wrong: an argument out of its range, a second settle of one message, an operation before
 * `connect()`. Found before a byte was written.
 *
 * Recover: change the program; the message names the argument, its value and the rule.
 */
export class UsageError extends PukaError {
  /** The defaults of this class. */
  static override readonly traits: ErrorTraits = {
    name: 'UsageError',
    code: 'USAGE_ERROR',
    blame: 'caller',
    scope: 'operation',
    retryable: false,
    outcome: 'not-sent',
  };
  declare readonly code: 'USAGE_ERROR';
}

/**
 * A limit of the client was reached: a message or its headers are too large, publishes without an outcome are more than twice
 * `maxBufferedBytes`, or more operations wait for the connection than `maxHeldOperations`. With `blame: 'peer'`, the peer sent
 * more than the limit allows.
 *
 * Recover: send less, wait for `drained()`, or raise the limit that the message names.
 */
export class LimitExceeded extends PukaError {
  /** The defaults of this class. */
  static override readonly traits: ErrorTraits = {
    name: 'LimitExceeded',
    code: 'LIMIT_EXCEEDED',
    blame: 'caller',
    scope: 'operation',
    retryable: false,
    outcome: 'not-sent',
  };
  declare readonly code: 'LIMIT_EXCEEDED';
}
