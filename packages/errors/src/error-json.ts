/** What of an error goes into a log. Must not let through anything but the fields named here: no stack, no secret. */
import type { Blame, Outcome, Scope } from './error-details.ts';
import type { ErrorCode } from './generated/error-codes.ts';

/** What `JSON.stringify` makes of an error: nothing but these, and of the cause only what names it. */
export interface ErrorJson {
  /** Always `puka.error`, to be told from other errors in a log. */
  readonly type: 'puka.error';
  /** The constant of the class. */
  readonly code: ErrorCode;
  /** The name of the class. */
  readonly name: string;
  /** What happened. */
  readonly message: string;
  /** Absent where no reply code belongs to the error. */
  readonly replyCode?: number;
  /** Absent where the broker gave none. */
  readonly replyText?: string;
  /** See {@link Blame}. */
  readonly blame: Blame;
  /** See {@link Scope}. */
  readonly scope: Scope;
  /** See {@link ErrorDetails.retryable}. */
  readonly retryable: boolean;
  /** See {@link Outcome}. */
  readonly outcome: Outcome;
  /** Absent where no single method failed. */
  readonly method?: string;
  /** Absent where the cause is none or not an error. */
  readonly cause?: CauseJson;
}

/** What is shown of an error that caused another. */
export interface CauseJson {
  /** The cause's class. */
  readonly name: string;
  /** The cause's message. */
  readonly message: string;
  /** The cause's code, such as `ECONNREFUSED`, where it has one. */
  readonly code?: string | number;
}

/**
 * What a log shows of an error's cause.
 *
 * @param cause Anything.
 * @returns `undefined` where it is no error.
 */
export function causeToJson(cause: unknown): CauseJson | undefined {
  // By shape and not by class: the cause may come from another realm, where `Error` is another function.
  if (typeof cause !== 'object' || cause === null || !('name' in cause) || !('message' in cause)) return undefined;
  const { name, message } = cause;
  if (typeof name !== 'string' || typeof message !== 'string') return undefined;
  const code = 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? { name, message, code } : { name, message };
}
