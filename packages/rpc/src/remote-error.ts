/** The errors of this package: what a caller gets of a handler's error, and how a handler throws one with data. */
import { type ErrorDetails, type ErrorTraits, PukaError } from '@puka/errors';
import type { ErrorBody } from './wire-format.ts';

/**
 * The handler threw, or the server could not run it. `remoteName`, `remoteCode`, `message` and `data` are the server's.
 *
 * Recover: by `remoteCode`. `UNKNOWN_METHOD`, `BAD_REQUEST` and `BAD_RESULT` are about the two programs; `OUTCOME_UNKNOWN` and
 * `SERVICE_STOPPED` have `outcome: 'unknown'`: the handler may have run. `NOT_RUN` can be called again later.
 */
export class RemoteError extends PukaError {
  /** What the errors of this class have in common. */
  static override readonly traits: ErrorTraits = {
    name: 'RemoteError',
    code: 'RPC_REMOTE_ERROR',
    blame: 'caller',
    scope: 'operation',
    retryable: false,
    outcome: 'refused',
  };
  declare readonly code: 'RPC_REMOTE_ERROR';
  /** The name of the error that was thrown, such as `TypeError`. */
  readonly remoteName: string;
  /** Its `code`; `undefined` if it had none. */
  readonly remoteCode: string | undefined;
  /** Its own `data`, as the codec returns it; `undefined` if it had none. */
  readonly data: unknown;
  /** Its stack, if the server was set to send it. */
  readonly remoteStack: string | undefined;

  /** @param body as it came. */
  constructor({ name, message, code, data, stack }: ErrorBody, details: ErrorDetails = {}) {
    super(message, details);
    this.remoteName = name;
    this.remoteCode = code;
    this.data = data;
    this.remoteStack = stack;
  }
}

/**
 * Thrown by a handler to send its caller more than a text. Any error with a `code` and `data` does as well.
 *
 * @example
 * ```ts
 * import { HandlerError } from '@puka/rpc';
 *
 * export function withdraw(balance: number, amount: number): number {
 *   if (amount > balance) throw new HandlerError('not enough', { code: 'TOO_LOW', data: { balance } });
 *   return balance - amount;
 * }
 * ```
 */
export class HandlerError extends Error {
  /** The name of the class. */
  override readonly name: string = 'HandlerError';
  /** What the caller finds in `remoteCode`. */
  readonly code: string | undefined;
  /** What the caller finds in `data`; the codec has to take it. */
  readonly data: unknown;

  /** @param message goes to the caller. */
  constructor(
    message: string,
    details: { readonly code?: string | undefined; readonly data?: unknown; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.data = details.data;
  }
}
