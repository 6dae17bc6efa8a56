/**
 * Turns the system and TLS errors of all adapters into `ConnectionBroken` with a text that names what to check.
 * It must not use a runtime's types: it examines errors by their shape.
 */
import { ConnectionBroken } from '@puka/errors';

const systemReasons: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused; is the server running, and does it listen on this address and port?'],
  ['ENOTFOUND', 'the host name cannot be resolved; is it spelled right?'],
  ['EAI_AGAIN', 'the name service did not answer'],
  ['ETIMEDOUT', 'no answer in time; a firewall may be dropping the packets'],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', 'no address of the host answered in time'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'the network is unreachable'],
  ['ENETDOWN', 'the network is down'],
  ['EADDRNOTAVAIL', 'the address is not available on this machine, or no local port is free'],
  ['EACCES', 'the operating system does not allow it'],
  ['EPERM', 'the operating system does not allow it'],
  ['EMFILE', 'this process has too many files and sockets open'],
  ['ENFILE', 'this machine has too many files and sockets open'],
  ['ECONNRESET', 'the peer or something in between reset the connection'],
  ['ECONNABORTED', 'the connection was aborted on this machine'],
  ['EPIPE', 'the peer had closed the connection when we wrote to it'],
]);

const tlsReasons: ReadonlyMap<string, string> = new Map([
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    "the server's certificate is for another name; connect by that name or set serverName",
  ],
  ['CERT_HAS_EXPIRED', "the server's certificate has expired"],
  ['CERT_NOT_YET_VALID', "the server's certificate is not valid yet; is the clock right?"],
  ['CERT_REVOKED', "the server's certificate is revoked"],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', "the server's certificate is signed by itself; give it as ca to trust it"],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'the certificate chain ends in an authority that is not trusted; give it as ca to trust it',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the authority of the certificate is not known; give it as ca, or let the server send its whole chain',
  ],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the authority of the certificate is not known; give it as ca'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the authority of the certificate is not known; give it as ca'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the answer is not TLS; does the server speak TLS on this port?'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'the answer is not TLS; does the server speak TLS on this port?'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'the two sides have no TLS version in common'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'the server accepts none of the TLS versions offered'],
  [
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    'the server accepts nothing that was offered, or wants a client certificate',
  ],
  [
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    'the server accepts nothing that was offered, or wants a client certificate',
  ],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the server wants a client certificate; give cert and key'],
  ['ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED', 'the server wants a client certificate; give cert and key'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the server does not trust the authority of our certificate'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'the server speaks none of the protocols in alpn'],
]);

/**
 * The error of a connection that could not be made.
 *
 * @param host as given by the caller.
 * @param port as given by the caller.
 * @param cause the runtime's error; it becomes `cause`.
 * @param code what Node calls it, if the error itself has no code.
 * @returns ConnectionBroken with `outcome: 'not-sent'`.
 */
export function connectFailure(
  host: string,
  port: number,
  cause: unknown,
  code: string | undefined = errorCode(cause),
): ConnectionBroken {
  return new ConnectionBroken(`could not connect to ${formatAddress(host, port)}: ${describe(cause, code)}`, {
    cause,
    outcome: 'not-sent',
  });
}

/**
 * The error of a connection that was up, and ended before the TLS handshake was done.
 *
 * @returns ConnectionBroken with `outcome: 'not-sent'`.
 */
export function handshakeFailure(
  host: string,
  port: number,
  cause: unknown,
  code: string | undefined = errorCode(cause),
): ConnectionBroken {
  const hasHungUp = code === 'ECONNRESET' || code === 'EPIPE';
  const reason = hasHungUp
    ? `the peer closed the connection; does the server speak TLS on this port? (${code})`
    : describe(cause, code);
  return new ConnectionBroken(`TLS handshake with ${formatAddress(host, port)} failed: ${reason}`, {
    cause,
    outcome: 'not-sent',
  });
}

/**
 * The error of a connection that was up and broke.
 *
 * @returns ConnectionBroken with `outcome: 'unknown'`: it is not known which of the sent bytes the peer has received.
 */
export function breakFailure(
  host: string,
  port: number,
  cause: unknown,
  code: string | undefined = errorCode(cause),
): ConnectionBroken {
  return new ConnectionBroken(`connection to ${formatAddress(host, port)} broke: ${describe(cause, code)}`, {
    cause,
    outcome: 'unknown',
  });
}

/** The cause if this side breaks the connection because written bytes have lost their memory. The peer would misread what follows. */
export function gapError(): Error {
  return new Error('bytes given to write() were transferred or resized before they were sent');
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function describe(cause: unknown, code: string | undefined): string {
  const message = errorMessage(cause);
  if (code === undefined) return message === '' ? 'no reason given' : message;
  const reason = systemReasons.get(code);
  if (reason !== undefined) return `${reason} (${code})`;
  const tlsReason = tlsReasons.get(code) ?? (isTlsCode(code) ? message : undefined);
  if (tlsReason !== undefined) return `${tlsReason} (${code})`;
  return message === '' ? code : `${message} (${code})`;
}

function isTlsCode(code: string): boolean {
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code.startsWith('CERT_');
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // One error for each address tried. The first represents all.
  return 'errors' in error && Array.isArray(error.errors) ? errorCode(error.errors[0]) : undefined;
}

function errorMessage(error: unknown): string {
  if (error === undefined) return '';
  return error instanceof Error ? error.message : String(error);
}
