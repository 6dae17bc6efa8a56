/**
 * The base of the errors with a reply code. Must not know the codes themselves: their classes are generated from the
 * protocol table into `generated/`.
 */
import type { ErrorTraits } from './error-details.ts';
import type { AmqpErrorCode } from './generated/error-codes.ts';
import { PukaError } from './puka-error.ts';

/**
 * A failure with a reply code of AMQP 0-9-1. An instance of this class itself has an unknown code; each known code has
 * a class derived from it.
 *
 * The default `scope` is `connection`: RabbitMQ closes the connection for every code but the seven soft ones.
 */
export class AmqpError extends PukaError {
  /** The defaults of this class. */
  static override readonly traits: ErrorTraits = {
    name: 'AmqpError',
    code: 'AMQP_ERROR',
    blame: 'broker',
    scope: 'connection',
    retryable: false,
    outcome: 'unknown',
  };
  declare readonly code: AmqpErrorCode;
}
