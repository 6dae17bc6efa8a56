/**
 * The errors of a connection that have no reply code: reaching the broker, agreeing with it and losing it.
 * Must not hold the errors of single operations (`operation-errors.ts`).
 */
import type { ErrorTraits } from './error-details.ts';
import { PukaError } from './puka-error.ts';

/**
 * The connection could not be made, or it ended while the operation was under way. `cause` says why: the system's
 * error, or the `AmqpError` the broker closed it with.
 *
 * Recover: `outcome` is `not-sent` where no byte of the operation left the client: repeat it. `unknown` means that the
 * broker may have acted on it: repeat what does no harm when done twice, look first for the rest.
 */
export class ConnectionBroken extends PukaError {
  /** What the errors of this class have in common. */
  static override readonly traits: ErrorTraits = {
    name: 'ConnectionBroken',
    code: 'CONNECTION_BROKEN',
    blame: 'network',
    scope: 'connection',
    retryable: true,
    outcome: 'unknown',
  };
  declare readonly code: 'CONNECTION_BROKEN';
}

/**
 * What answers on that port does not speak AMQP 0-9-1: an HTTP or TLS port, or a broker that wants another version.
 *
 * Recover: correct the host, the port (5672, with TLS 5671) or the scheme (`amqp`, `amqps`).
 */
export class UnsupportedProtocol extends PukaError {
  /** What the errors of this class have in common. */
  static override readonly traits: ErrorTraits = {
    name: 'UnsupportedProtocol',
    code: 'UNSUPPORTED_PROTOCOL',
    blame: 'caller',
    scope: 'connection',
    retryable: false,
    outcome: 'not-sent',
  };
  declare readonly code: 'UNSUPPORTED_PROTOCOL';
}

/**
 * The broker refused the credentials, or dropped the connection right after it got them. It does not say which part
 * of them was wrong.
 *
 * Recover: correct user and password, or fetch a new token. `guest` may log in from the broker's own host only.
 */
export class AuthenticationFailed extends PukaError {
  /** What the errors of this class have in common. */
  static override readonly traits: ErrorTraits = {
    name: 'AuthenticationFailed',
    code: 'AUTHENTICATION_FAILED',
    blame: 'caller',
    scope: 'connection',
    retryable: false,
    outcome: 'refused',
  };
  declare readonly code: 'AUTHENTICATION_FAILED';
}

/**
 * Connecting took longer than `connectTimeout` allows, over name look-up, TCP, TLS and the AMQP handshake together.
 *
 * Recover: try again; where it stays so, look for a firewall that drops packets, or a plain connection to a TLS port.
 */
export class HandshakeTimeout extends PukaError {
  /** What the errors of this class have in common. */
  static override readonly traits: ErrorTraits = {
    name: 'HandshakeTimeout',
    code: 'HANDSHAKE_TIMEOUT',
    blame: 'network',
    scope: 'connection',
    retryable: true,
    outcome: 'not-sent',
  };
  declare readonly code: 'HANDSHAKE_TIMEOUT';
}
