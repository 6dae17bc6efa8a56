/** The errors of this package. */
import { type ErrorDetails, type ErrorTraits, isPukaError, PukaError } from '@puka/errors';
import type { ThingKind } from './difference.ts';

/** One thing of a topology, and why it could not be done. */
export interface TopologyFailure {
  /** What failed. */
  readonly kind: ThingKind;
  /** As in a `Difference`. */
  readonly name: string;
  /** The client's error; `undefined` for a binding that was not tried, because one of its ends had failed. */
  readonly error: unknown;
}

/**
 * Some of a topology could not be applied or removed. All else was. `failures` has each of them; `cause` is the first error.
 *
 * Recover: by `failures`. A `PreconditionFailed` names an argument that differs from what is there: `check` reports both
 * sides, `migrate` moves the queue.
 */
export class TopologyFailed extends PukaError {
  /** What the errors of this class have in common. */
  static override readonly traits: ErrorTraits = {
    name: 'TopologyFailed',
    code: 'TOPOLOGY_FAILED',
    blame: 'caller',
    scope: 'operation',
    retryable: false,
    outcome: 'refused',
  };
  declare readonly code: 'TOPOLOGY_FAILED';
  /** What failed, in the order of the topology. */
  readonly failures: readonly TopologyFailure[];

  /** @param failures one or more. */
  constructor(message: string, failures: readonly TopologyFailure[], details: ErrorDetails = {}) {
    const errors = failures.flatMap(({ error }) => (error === undefined ? [] : [error]));
    super(message, {
      cause: errors[0],
      retryable: errors.length > 0 && errors.every((error) => isPukaError(error) && error.retryable),
      ...details,
    });
    this.failures = failures;
  }
}

/**
 * RabbitMQ's management API sent no usable answer. `status` is that of HTTP.
 *
 * Recover: by `status`: 401 is about user and password, 404 about the virtual host or the URL; without one it was not
 * reached, and `cause` is the reason.
 */
export class ManagementFailed extends PukaError {
  /** What the errors of this class have in common. */
  static override readonly traits: ErrorTraits = {
    name: 'ManagementFailed',
    code: 'TOPOLOGY_MANAGEMENT_FAILED',
    blame: 'caller',
    scope: 'operation',
    retryable: false,
    outcome: 'refused',
  };
  declare readonly code: 'TOPOLOGY_MANAGEMENT_FAILED';
  /** The status of HTTP; `undefined` if there was no answer. */
  readonly status: number | undefined;

  /** @param message names the URL without user and password. */
  constructor(message: string, details: ErrorDetails & { readonly status?: number | undefined } = {}) {
    super(message, details);
    this.status = details.status;
  }
}
