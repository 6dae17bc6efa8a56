/**
 * Explains in words why a runtime takes a certificate or a key for unusable, with one text on every runtime.
 * It must not use a runtime's types: errors are looked at by their shape.
 */
import { UsageError } from '@puka/errors';
import type { TlsOptions } from './contract.ts';
import { isWrongPassphrase, wrongPassphrase } from './encrypted-key.ts';
import { isEncrypted, pemTexts } from './pem.ts';

/**
 * The error for TLS options that `checkTls()` has passed and the runtime refuses.
 *
 * @param cause the runtime's error.
 */
export async function tlsMaterialFailure(tls: TlsOptions, cause: unknown): Promise<UsageError> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/mismatch/i.test(reason)) return new UsageError('tls.key does not belong to tls.cert', { cause });
  if (/bad.?decrypt/i.test(reason) || (await hasWrongPassphrase(tls))) return wrongPassphrase();
  const names = (['ca', 'cert', 'key'] as const).filter((name) => tls[name] !== undefined).map((name) => `tls.${name}`);
  return new UsageError(`${names.join(' or ')} cannot be read: ${reason}`, { cause });
}

/** One wrong passphrase in 256 yields bytes that look well padded: then the runtime reports that they are not a key. */
async function hasWrongPassphrase({ key, passphrase }: TlsOptions): Promise<boolean> {
  if (key === undefined || passphrase === undefined || !isEncrypted(key)) return false;
  return isWrongPassphrase(pemTexts(key).join('\n'), passphrase);
}
