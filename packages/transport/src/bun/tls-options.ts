/** Turns TLS options of the contract into those of Bun. It must not connect. */
import { checkTls } from '../check-tls.ts';
import type { TlsOptions } from '../contract.ts';
import { pemTexts } from '../pem.ts';
import type { BunTlsOptions } from './bun-api.ts';

/**
 * Makes the options for Bun.
 *
 * @param tls as the caller passed them.
 * @param host the name to verify when `tls.serverName` is not given.
 * @throws UsageError as `checkTls()`.
 */
export function bunTlsOptions(tls: TlsOptions, host: string): BunTlsOptions {
  checkTls(tls);
  return {
    serverName: tls.serverName ?? host,
    // Always set: if it is left out, Bun reads the environment variable NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.ca !== undefined && { ca: pemTexts(tls.ca) }),
    ...(tls.cert !== undefined && { cert: pemTexts(tls.cert) }),
    ...(tls.key !== undefined && { key: pemTexts(tls.key) }),
    ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
    ...(tls.alpn !== undefined && { ALPNProtocols: protocolList(tls.alpn) }),
    // RFC 8446 §4.2.1: 0x0303 is TLS 1.2, 0x0304 is TLS 1.3.
    minVersion: tls.minVersion === 'TLSv1.3' ? 0x0304 : 0x0303,
  };
}

function protocolList(names: readonly string[]): Uint8Array {
  return Uint8Array.from(
    names.flatMap((name) => {
      const bytes = new TextEncoder().encode(name);
      return [bytes.length, ...bytes];
    }),
  );
}
