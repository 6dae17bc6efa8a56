/** Turns TLS options of the contract into those of Deno, and refuses what Deno cannot do. It must not connect. */
import { UsageError } from '@puka/errors';
import type { TlsOptions } from '../contract.ts';
import { pemTexts } from '../pem.ts';
import type { DenoTlsOptions } from './deno-api.ts';
import { openKey } from './encrypted-key.ts';

/** How to call Deno: with an identity of the client's own by `connectTls`, without one by `connect` and `startTls`. */
export interface DenoTlsPlan {
  readonly options: DenoTlsOptions;
  readonly identity: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * @param tls the caller's.
 * @param host the name to verify when `tls.serverName` is not given.
 * @throws (rejects) UsageError for what Deno's own sockets cannot do, and for a PEM that is none.
 */
export async function denoTlsPlan(tls: TlsOptions, host: string): Promise<DenoTlsPlan> {
  if (tls.rejectUnauthorized === false)
    throw cannot(
      'rejectUnauthorized: false',
      'it verifies every server; give the authority as ca, or leave it out and start Deno with --unsafely-ignore-certificate-errors=HOST',
    );
  if (tls.minVersion === 'TLSv1.3') throw cannot("minVersion: 'TLSv1.3'", 'it accepts TLS 1.2 and 1.3, always');
  const name = tls.serverName ?? host;
  const options: DenoTlsOptions = {
    hostname: name,
    ...(tls.ca !== undefined && { caCerts: pemTexts('ca', tls.ca) }),
    ...(tls.alpn !== undefined && { alpnProtocols: [...tls.alpn] }),
  };
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw new UsageError('tls.cert and tls.key belong together; only one of them is given');
  if (tls.cert === undefined || tls.key === undefined) return { options, identity: undefined };
  if (name !== host) throw cannot('serverName together with cert', 'connect by the name in the certificate');
  const cert = pemTexts('cert', tls.cert).join('\n');
  const key = pemTexts('key', tls.key).join('\n');
  if (!key.includes('ENCRYPTED')) return { options, identity: { cert, key } };
  if (tls.passphrase === undefined) throw new UsageError('tls.key is encrypted, and there is no tls.passphrase');
  return { options, identity: { cert, key: await openKey(key, tls.passphrase) } };
}

function cannot(what: string, instead: string): UsageError {
  return new UsageError(`Deno's TLS cannot do ${what}: ${instead}`);
}
