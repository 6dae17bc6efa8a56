/**
 * Which errors another attempt does not mend. Pure but for what it remembers of the errors in a row.
 * Must not plan attempts.
 */
import {
  AmqpNotImplemented,
  AuthenticationFailed,
  isPukaError,
  LimitExceeded,
  NotAllowed,
  type PukaError,
  UnsupportedProtocol,
  UsageError,
} from '@puka/errors';

/** Refusals of fresh credentials in a row after which no more are asked for: a token may just be changing. */
const maxRefusedLogins = 3;

/** What an attempt failed with, and what is known of it. */
export interface FailedAttempt {
  readonly error: PukaError;
  /** Whether the client has ever had a connection since `connect()`. */
  readonly hasConnected: boolean;
  /** Whether the credentials come from a function, which is called for each attempt. */
  readonly asksForCredentials: boolean;
  readonly nowMs: number;
}

/** The errors in a row of one recovery. */
export class StopConditions {
  private readonly retryForMs: number;
  private refusedLogins = 0;
  private refusedVhostSinceMs: number | undefined = undefined;

  /** @param retryForMs how long a virtual host that is not there is tried again once the client has had a connection. */
  constructor(retryForMs: number) {
    this.retryForMs = retryForMs;
  }

  /** A connection is open: what went wrong before counts no more. */
  reset(): void {
    this.refusedLogins = 0;
    this.refusedVhostSinceMs = undefined;
  }

  /** Takes the error of an attempt. @returns whether it makes further attempts useless: those of all hosts do. */
  stops(attempt: FailedAttempt): boolean {
    const errors = errorsOfHosts(attempt.error);
    if (!errors.every((error) => error instanceof NotAllowed)) this.refusedVhostSinceMs = undefined;
    if (!errors.every((error) => error instanceof AuthenticationFailed)) this.refusedLogins = 0;
    return errors.every((error) => this.stopsByItself({ ...attempt, error }));
  }

  private stopsByItself({ error, hasConnected, asksForCredentials, nowMs }: FailedAttempt): boolean {
    if (error instanceof UsageError || isUnusableBroker(error)) return true;
    if (error instanceof AuthenticationFailed) return this.stopsAtLogin(error, asksForCredentials);
    if (error instanceof NotAllowed) return this.stopsAtVhost(error, hasConnected, nowMs);
    // Once it has connected, a balancer's error page or a certificate that is being replaced may pass.
    if (hasConnected) return false;
    return error instanceof UnsupportedProtocol || isTlsFailure(error);
  }

  private stopsAtLogin(error: AuthenticationFailed, asksForCredentials: boolean): boolean {
    if (error.retryable) return false;
    this.refusedLogins++;
    return !asksForCredentials || this.refusedLogins >= maxRefusedLogins;
  }

  private stopsAtVhost(error: NotAllowed, hasConnected: boolean, nowMs: number): boolean {
    if (error.method !== 'connection.open' || isAboutLimit(error)) return false;
    if (!hasConnected) return true;
    this.refusedVhostSinceMs ??= nowMs;
    return nowMs - this.refusedVhostSinceMs >= this.retryForMs;
  }
}

/** The error of each host, if there are several. */
function errorsOfHosts(error: PukaError): readonly PukaError[] {
  const { cause } = error;
  const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  // A runtime's own aggregate error is about the addresses of one host.
  return errors.length > 0 && errors.every(isPukaError) ? errors : [error];
}

/**
 * The client's own words for a broker that lacks what it needs. The broker's 540 blames the caller: what was asked for fails,
 * and the rest of the client has done nothing wrong.
 */
function isUnusableBroker(error: PukaError): boolean {
  if (!(error instanceof AmqpNotImplemented || error instanceof LimitExceeded)) return false;
  return error.scope === 'connection' && error.blame === 'broker';
}

/** RabbitMQ refuses with the same code when a limit on connections is reached, which passes. */
function isAboutLimit({ replyText = '' }: NotAllowed): boolean {
  return /limit|cannot be queried/i.test(replyText);
}

/** Certificates and versions of TLS that do not fit: a mistake in the set-up, as long as nothing has ever worked. */
function isTlsFailure({ cause }: PukaError): boolean {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return false;
  return /^(?:ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(String(cause.code));
}
