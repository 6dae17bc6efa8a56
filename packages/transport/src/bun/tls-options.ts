/** Turns TLS options of the contract into those of Bun. It must not connect. */
import { UsageError } from '@puka/errors';
import type { TlsOptions } from '../contract.ts';
import { pemTexts } from '../pem.ts';
import type { BunTlsOptions } from './bun-api.ts';

/**
 * @param tls the caller's.
 * @param host the name to verify when `tls.serverName` is not given.
 * @throws UsageError for a PEM that is none and for a protocol name that does not fit.
 */
export function bunTlsOptions(tls: TlsOptions, host: string): BunTlsOptions {
  return {
    serverName: tls.serverName ?? host,
    // Said in full, for Bun reads a process-wide switch (NODE_TLS_REJECT_UNAUTHORIZED) where it is left out.
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.ca !== undefined && { ca: pemTexts('ca', tls.ca) }),
    ...(tls.cert !== undefined && { cert: pemTexts('cert', tls.cert) }),
    ...(tls.key !== undefined && { key: pemTexts('key', tls.key) }),
    ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
    ...(tls.alpn !== undefined && { ALPNProtocols: protocolList(tls.alpn) }),
    // RFC 8446 §4.2.1: 0x0303 is TLS 1.2, 0x0304 is TLS 1.3.
    minVersion: tls.minVersion === 'TLSv1.3' ? 0x0304 : 0x0303,
  };
}

function protocolList(names: readonly string[]): Uint8Array {
  const encoded = names.map((name) => new TextEncoder().encode(name));
  const bytes = encoded.flatMap((name, index) => {
    if (name.length === 0 || name.length > 255)
      throw new UsageError(`tls.alpn: '${names[index]}' is ${name.length} bytes; a protocol's name has 1 to 255`);
    return [name.length, ...name];
  });
  return Uint8Array.from(bytes);
}
