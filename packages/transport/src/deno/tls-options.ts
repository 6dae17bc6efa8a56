/** Turns TLS options of the contract into those of Deno, and refuses what Deno cannot do. It must not connect. */
import { UsageError } from '@puka/errors';
import { checkTls } from '../check-tls.ts';
import type { TlsOptions } from '../contract.ts';
import { openKey } from '../encrypted-key.ts';
import { isEncrypted, pemTexts } from '../pem.ts';
import type { DenoTlsOptions } from './deno-api.ts';

/** What to call Deno with. A client certificate needs `connectTls`; without one it is `connect` and `startTls`. */
export interface DenoTlsPlan {
  readonly options: DenoTlsOptions;
  readonly identity: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Makes the options for Deno.
 *
 * @param tls as the caller passed them.
 * @param host the name to verify when `tls.serverName` is not given.
 * @throws (rejects) UsageError as `checkTls()`, for a wrong passphrase, and for what Deno's sockets cannot do.
 */
export async function denoTlsPlan(tls: TlsOptions, host: string): Promise<DenoTlsPlan> {
  checkTls(tls);
  if (tls.rejectUnauthorized === false)
    throw cannot(
      'rejectUnauthorized: false',
      'it verifies every server; give the authority as ca, or leave it out and start Deno with --unsafely-ignore-certificate-errors=HOST',
    );
  if (tls.minVersion === 'TLSv1.3') throw cannot("minVersion: 'TLSv1.3'", 'it accepts TLS 1.2 and 1.3, always');
  const name = tls.serverName ?? host;
  const options: DenoTlsOptions = {
    hostname: name,
    ...(tls.ca !== undefined && { caCerts: pemTexts(tls.ca) }),
    ...(tls.alpn !== undefined && { alpnProtocols: [...tls.alpn] }),
  };
  if (tls.cert === undefined || tls.key === undefined) return { options, identity: undefined };
  if (name !== host) throw cannot('serverName together with cert', 'connect by the name in the certificate');
  const cert = pemTexts(tls.cert).join('\n');
  const key = pemTexts(tls.key).join('\n');
  if (!isEncrypted(key) || tls.passphrase === undefined) return { options, identity: { cert, key } };
  return { options, identity: { cert, key: await openKey(key, tls.passphrase) } };
}

function cannot(what: string, instead: string): UsageError {
  return new UsageError(`Deno's TLS cannot do ${what}: ${instead}`);
}
