/**
 * The base of the errors that stand for a reply code. Must not know the codes themselves: their classes are generated
 * from the protocol table into `generated/`.
 */
import type { ErrorTraits } from './error-details.ts';
import type { AmqpErrorCode } from './generated/error-codes.ts';
import { PukaError } from './puka-error.ts';

/**
 * A failure that AMQP 0-9-1 has a reply code for. An instance of this very class carries a code that stands in no
 * list; for the others see the classes derived from it.
 *
 * The default `scope` is `connection`, since RabbitMQ closes the connection for every code that is not one of the
 * seven soft ones.
 */
export class AmqpError extends PukaError {
  /** What the errors of this class have in common. */
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
