/** The form of an error in a log. Must not let through anything but the fields named here: no stack, no secret. */
import type { Blame, Outcome, Scope } from './error-details.ts';
import type { ErrorCode } from './generated/error-codes.ts';

/** The result of `JSON.stringify` for an error: these fields only; of the cause its name, message and code. */
export interface ErrorJson {
  /** Always `puka.error`, which distinguishes it from other errors in a log. */
  readonly type: 'puka.error';
  /** The constant of the class. */
  readonly code: ErrorCode;
  /** The name of the class. */
  readonly name: string;
  /** What happened. */
  readonly message: string;
  /** Absent if the error has no reply code. */
  readonly replyCode?: number;
  /** Absent if the broker sent none. */
  readonly replyText?: string;
  /** See {@link Blame}. */
  readonly blame: Blame;
  /** See {@link Scope}. */
  readonly scope: Scope;
  /** See {@link ErrorDetails.retryable}. */
  readonly retryable: boolean;
  /** See {@link Outcome}. */
  readonly outcome: Outcome;
  /** Absent if no single method failed. */
  readonly method?: string;
  /** Absent if there is no cause, or the cause is no error. */
  readonly cause?: CauseJson;
}

/** The form of an error that caused another one. */
export interface CauseJson {
  /** The cause's class. */
  readonly name: string;
  /** The cause's message. */
  readonly message: string;
  /** The cause's code, such as `ECONNREFUSED`; absent if it has none. */
  readonly code?: string | number;
}

/**
 * Converts the cause of an error for a log.
 *
 * @param cause Anything.
 * @returns `undefined` if it is no error.
 */
export function causeToJson(cause: unknown): CauseJson | undefined {
  // By shape and not by class: the cause may come from another realm, where `Error` is another function.
  if (typeof cause !== 'object' || cause === null || !('name' in cause) || !('message' in cause)) return undefined;
  const { name, message } = cause;
  if (typeof name !== 'string' || typeof message !== 'string') return undefined;
  const code = 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? { name, message, code } : { name, message };
}
