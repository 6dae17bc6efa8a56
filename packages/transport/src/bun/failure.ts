/** Finds Node's codes for Bun's errors. It must not build errors: that is ../failure.ts. */

/** Node's code for an error of Bun's; `undefined` if the error has none. */
export function bunErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  // error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER
  const name = error.code === 'EPROTO' ? /SSL routines:[^:]*:(\w+)/.exec(error.message)?.[1] : undefined;
  return name === undefined ? error.code : `ERR_SSL_${name}`;
}

/**
 * Whether to accept a handshake. Bun reports an untrusted peer even if the caller accepts any.
 *
 * @param isTrustNeeded `rejectUnauthorized`.
 */
export function isAccepted(isTrustNeeded: boolean, isTrusted: boolean, error: Error | null): boolean {
  if (isTrusted && error === null) return true;
  if (isTrustNeeded || error === null) return false;
  // What is wrong is either the trust (CERT_HAS_EXPIRED, DEPTH_ZERO_SELF_SIGNED_CERT, …) or the handshake itself.
  const code = bunErrorCode(error) ?? 'ERR_SSL_';
  return !code.startsWith('ERR_SSL_') && !/^E[A-Z]+$/.test(code);
}
