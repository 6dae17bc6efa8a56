/** Turns TLS options of the contract into those of `node:tls`. It must not connect. */
import { isIP } from 'node:net';
import type { ConnectionOptions, SecureContextOptions } from 'node:tls';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import type { Pem, TlsOptions } from '../contract.ts';

/**
 * @param tls the caller's.
 * @param host the name to verify when `tls.serverName` is not given.
 * @throws what Node says of a PEM that is none.
 */
export function tlsConnectOptions(tls: TlsOptions, host: string): ConnectionOptions {
  const name = tls.serverName ?? host;
  return {
    // Node keeps these options on the socket, for everyone to see who inspects it; a context shows neither key nor passphrase.
    secureContext: createSecureContext(secureContextOptions(tls)),
    ...(tls.alpn !== undefined && { ALPNProtocols: [...tls.alpn] }),
    // Said in full, for Node reads a process-wide switch (NODE_TLS_REJECT_UNAUTHORIZED) where it is left out.
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    // RFC 6066 §3: SNI carries host names only. The name is verified all the same.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
}

/** Whom to trust and what to show. */
export function secureContextOptions(tls: TlsOptions): SecureContextOptions {
  return {
    ...(tls.ca !== undefined && { ca: pems(tls.ca) }),
    ...(tls.cert !== undefined && { cert: pems(tls.cert) }),
    ...(tls.key !== undefined && { key: pem(tls.key) }),
    ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
    minVersion: tls.minVersion ?? 'TLSv1.2',
  };
}

function pems(value: Pem | readonly Pem[]): (string | Buffer)[] {
  return typeof value === 'string' || value instanceof Uint8Array ? [pem(value)] : value.map(pem);
}

function pem(value: Pem): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
