/** Finds Node's codes for errors that have only a text on Deno. It must not build errors: that is ../failure.ts. */

/** Deno's TLS is rustls: its texts, and the code of Node for each. */
const tlsCodes: readonly (readonly [RegExp, string])[] = [
  [/UnknownIssuer|BadSignature/, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [/CaUsedAsEndEntity/, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/invalid peer certificate: (?:Expired|certificate expired)/, 'CERT_HAS_EXPIRED'],
  [/NotValidYet|not valid yet/, 'CERT_NOT_YET_VALID'],
  [/NotValidForName|not valid for name/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/Revoked/, 'CERT_REVOKED'],
  [/received corrupt message/, 'ERR_SSL_WRONG_VERSION_NUMBER'],
  [/fatal alert: CertificateRequired/, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
  [/fatal alert: HandshakeFailure/, 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'],
  [/fatal alert: UnknownCA/, 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
  [/fatal alert: ProtocolVersion/, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
  [/fatal alert: NoApplicationProtocol/, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
  [/PeerIncompatible/, 'ERR_SSL_UNSUPPORTED_PROTOCOL'],
];

const nameCodes: Readonly<Record<string, string>> = {
  ConnectionRefused: 'ECONNREFUSED',
  ConnectionReset: 'ECONNRESET',
  ConnectionAborted: 'ECONNABORTED',
  BrokenPipe: 'EPIPE',
  TimedOut: 'ETIMEDOUT',
  UnexpectedEof: 'ECONNRESET',
  NotCapable: 'EPERM',
  PermissionDenied: 'EACCES',
};

/** The code for an error of Deno's that has none of its own; `undefined` when nothing is known. */
export function denoErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || ('code' in error && typeof error.code === 'string')) return undefined;
  const { message } = error;
  if (/failed to lookup address/.test(message)) return /temporary failure/i.test(message) ? 'EAI_AGAIN' : 'ENOTFOUND';
  return tlsCodes.find(([words]) => words.test(message))?.[1] ?? nameCodes[error.name];
}

/** Whether a TLS stream ended without a close_notify. Node takes this for an end, and so does the adapter. */
export function isUnannouncedEnd(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnexpectedEof';
}
