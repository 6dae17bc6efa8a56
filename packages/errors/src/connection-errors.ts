/**
 * The errors of a connection without a reply code: it cannot be opened, or it is lost.
 * Must not hold the errors of single operations (`operation-errors.ts`).
 */
import type { ErrorTraits } from './error-details.ts';
import { PukaError } from './puka-error.ts';

/**
 * The connection could not be opened, or it ended while the operation was under way. `cause` is the reason: an error of
 * the system, or the `AmqpError` with which the broker closed the connection.
 *
 * Recover: `outcome` is `not-sent` if no byte of the operation left the client: repeat it. `unknown` means that the
 * broker may have acted on it: repeat only what may safely be done twice.
 */
export class ConnectionBroken extends PukaError {
  /** The defaults of this class. */
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
 * The peer does not speak AMQP 0-9-1: it is an HTTP or TLS port, or a broker that requires another version.
 *
 * Recover: correct the host, the port (5672, with TLS 5671) or the scheme (`amqp`, `amqps`).
 */
export class UnsupportedProtocol extends PukaError {
  /** The defaults of this class. */
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
 * The broker refused the credentials, or closed the connection right after it received them. It does not report which part
 * of them was wrong.
 *
 * Recover: correct the user and the password, or fetch a new token. `guest` may log in from the broker's own host only.
 */
export class AuthenticationFailed extends PukaError {
  /** The defaults of this class. */
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
 * Recover: try again. If it fails again, look for a firewall that drops packets, or a plain connection to a TLS port.
 */
export class HandshakeTimeout extends PukaError {
  /** The defaults of this class. */
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
