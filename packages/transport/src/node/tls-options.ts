/** Turns TLS options of the contract into those of `node:tls`. It must not connect. */
import { isIP } from 'node:net';
import type { ConnectionOptions, SecureContextOptions } from 'node:tls';
import { checkTls } from '../check-tls.ts';
import type { Pem, TlsOptions } from '../contract.ts';
import { isBytes } from '../pem.ts';
import { tlsModule } from './tls-module.ts';

/**
 * Makes the options for Node.
 *
 * @param tls as the caller passed them.
 * @param host the name to verify when `tls.serverName` is not given.
 * @throws UsageError as `checkTls()`; Node's own error for a wrong passphrase, and for a certificate or key that it cannot read.
 */
export function tlsConnectOptions(tls: TlsOptions, host: string): ConnectionOptions {
  checkTls(tls);
  const name = tls.serverName ?? host;
  const { createSecureContext, checkServerIdentity } = tlsModule();
  return {
    // Node keeps these options on the socket, where an inspection shows them. A context shows neither key nor passphrase.
    secureContext: createSecureContext(secureContextOptions(tls)),
    ...(tls.alpn !== undefined && { ALPNProtocols: [...tls.alpn] }),
    // Always set: if it is left out, Node reads the environment variable NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    // RFC 6066 §3: SNI carries host names only. The name is verified all the same.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
}

/** The part about certificates and keys. */
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
  return typeof value === 'string' || isBytes(value) ? [pem(value)] : value.map(pem);
}

function pem(value: Pem): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
