/** Refuses the TLS options that Cloudflare's sockets cannot do. It must not connect. */
import { UsageError } from '@puka/errors';
import { checkTls } from '../check-tls.ts';
import type { TlsOptions } from '../contract.ts';

/** Why each cannot be done, and what to do instead. */
const lacking: Readonly<Partial<Record<keyof TlsOptions, string>>> = {
  ca: 'it trusts the public authorities alone; give the server a certificate of one of them',
  cert: 'it sends no client certificate; log in by name and password',
  key: 'it sends no client certificate; log in by name and password',
  alpn: 'it offers no protocols',
};

/**
 * Checks the options.
 *
 * @param tls as the caller passed them.
 * @param host the name to verify.
 * @throws UsageError as `checkTls()`, and for what Cloudflare's sockets cannot do.
 */
export function checkCloudflareTls(tls: TlsOptions, host: string): void {
  checkTls(tls);
  for (const [name, reason] of Object.entries(lacking)) {
    if (Reflect.get(tls, name) !== undefined) throw cannot(name, reason);
  }
  if (tls.rejectUnauthorized === false) throw cannot('rejectUnauthorized: false', 'it verifies every server');
  if (tls.minVersion === 'TLSv1.3') throw cannot("minVersion: 'TLSv1.3'", 'it chooses the version by itself');
  if (tls.serverName !== undefined && tls.serverName !== host)
    throw cannot('serverName', 'it verifies the name that it connects to; connect by the name in the certificate');
}

function cannot(what: string, reason: string): UsageError {
  return new UsageError(`Cloudflare's TLS cannot do ${what}: ${reason}`);
}
