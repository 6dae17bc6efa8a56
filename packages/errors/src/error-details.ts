/** The properties of an error beside its message, and their values. Types only. */
import type { ErrorCode } from './generated/error-codes.ts';

/**
 * Who has to change something before the failed call can succeed.
 *
 * - `caller`: the program: an argument, a name, a permission or an order of calls.
 * - `broker`: no code on this side; the broker lacks a resource, is shutting down, or holds a lock.
 * - `peer`: an end of the connection broke the protocol; a client, a proxy or a broker has a bug.
 * - `network`: the connection, the name look-up or TLS below the protocol.
 */
export type Blame = 'caller' | 'broker' | 'peer' | 'network';

/** How much is lost: this operation alone, the channel it ran on, or the whole connection. */
export type Scope = 'operation' | 'channel' | 'connection';

/**
 * What became of the failed operation at the broker.
 *
 * - `not-sent`: no byte of it left the client; it has had no effect.
 * - `refused`: the broker received it and refused it.
 * - `unknown`: it may or may not have had its effect.
 */
export type Outcome = 'not-sent' | 'refused' | 'unknown';

/** The properties of one error beside its message. What is left out takes the default of the class. */
export interface ErrorDetails {
  /** The reply code of AMQP 0-9-1 §1.2, 200 to 541; the classes named after a reply code know their own. */
  readonly replyCode?: number | undefined;
  /** The text of the broker, whole. */
  readonly replyText?: string | undefined;
  /** The AMQP name of the method that failed, such as `basic.publish`. */
  readonly method?: string | undefined;
  /** The reason of this error, usually another error. */
  readonly cause?: unknown;
  /** See {@link Outcome}. */
  readonly outcome?: Outcome | undefined;
  /** See {@link Scope}. */
  readonly scope?: Scope | undefined;
  /** See {@link Blame}. */
  readonly blame?: Blame | undefined;
  /** Whether the same call may succeed later without a change to the program. */
  readonly retryable?: boolean | undefined;
}

/** The defaults of a class. The {@link ErrorDetails} of a single error take precedence. */
export interface ErrorTraits {
  /** The name of the class; kept as text, because a bundler may rename the class itself. */
  readonly name: string;
  /** The name of the class in upper snake case, never changed once published; of packages above the client with theirs ahead. */
  readonly code: ErrorCode;
  /** The reply code of the class; absent if it has none. */
  readonly replyCode?: number;
  /** See {@link Blame}. */
  readonly blame: Blame;
  /** See {@link Scope}. */
  readonly scope: Scope;
  /** See {@link ErrorDetails.retryable}. */
  readonly retryable: boolean;
  /** See {@link Outcome}. */
  readonly outcome: Outcome;
}
