/**
 * Refuses TLS options that cannot work, with one text on every runtime.
 * It must not connect, open a key or read a certificate.
 */
import { UsageError } from '@puka/errors';
import type { TlsOptions } from './contract.ts';
import { checkPem, isBytes, isEncrypted } from './pem.ts';

const optionNames = [
  ...['ca', 'cert', 'key', 'passphrase', 'serverName', 'rejectUnauthorized', 'alpn', 'minVersion'],
] as const satisfies readonly (keyof TlsOptions)[];

/** What other libraries call the options, in lower case. */
const otherNames: Readonly<Record<string, keyof TlsOptions>> = {
  alpnprotocols: 'alpn',
  alpnprotocol: 'alpn',
  cacert: 'ca',
  cacertfile: 'ca',
  cacerts: 'ca',
  cafile: 'ca',
  certfile: 'cert',
  certificate: 'cert',
  certchain: 'cert',
  clientcert: 'cert',
  clientkey: 'key',
  hostname: 'serverName',
  keyfile: 'key',
  minprotocolversion: 'minVersion',
  password: 'passphrase',
  privatekey: 'key',
  secureprotocol: 'minVersion',
  sni: 'serverName',
  verify: 'rejectUnauthorized',
};

/**
 * Checks the options as a plain JavaScript program may pass them.
 *
 * @throws UsageError for an unknown option, a value of the wrong type, a PEM that is none, a `key` without its `cert` or a
 * `cert` without its `key`, and an encrypted `key` without a `passphrase`. No text of an option is in the message.
 */
export function checkTls(tls: TlsOptions): void {
  checkNames(tls);
  const { ca, cert, key, passphrase, serverName, rejectUnauthorized, alpn, minVersion } = tls;
  if (ca !== undefined) checkPem('ca', ca);
  if (cert !== undefined) checkPem('cert', cert);
  if (key !== undefined) checkPem('key', key);
  checkType('passphrase', passphrase, 'string');
  checkType('serverName', serverName, 'string');
  checkType('rejectUnauthorized', rejectUnauthorized, 'boolean');
  if (serverName === '') throw new UsageError('tls.serverName is empty; leave it out to use the host');
  if (minVersion !== undefined && minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3')
    throw new UsageError("tls.minVersion must be 'TLSv1.2' or 'TLSv1.3'");
  if (alpn !== undefined) checkProtocols(alpn);
  checkPair(tls);
  if (key === undefined && passphrase !== undefined)
    throw new UsageError('tls.passphrase is given without tls.key; there is no key to open');
  if (key !== undefined && passphrase === undefined && isEncrypted(key))
    throw new UsageError('tls.key is encrypted; give tls.passphrase');
}

function checkNames(tls: unknown): void {
  if (typeof tls !== 'object' || tls === null || Array.isArray(tls))
    throw new UsageError('tls must be an object of options; tls: {} is a good default');
  for (const [name, value] of Object.entries(tls)) {
    if (value === undefined || isOption(name)) continue;
    if (name === 'pfx')
      throw new UsageError(
        'tls.pfx is not supported; give its contents as PEM in tls.cert and tls.key (openssl pkcs12 -in FILE -nodes)',
      );
    throw new UsageError(`tls.${name} is not an option; ${suggestionFor(name.toLowerCase())}`);
  }
}

function isOption(name: string): boolean {
  return optionNames.some((known) => known === name);
}

function suggestionFor(lowerCaseName: string): string {
  const meant =
    optionNames.find((known) => known.toLowerCase() === lowerCaseName) ??
    (Object.hasOwn(otherNames, lowerCaseName) ? otherNames[lowerCaseName] : undefined);
  return meant === undefined ? `the options of tls are ${optionNames.join(', ')}` : `did you mean tls.${meant}?`;
}

function checkType(name: keyof TlsOptions, value: unknown, type: 'string' | 'boolean'): void {
  if (value === undefined || typeof value === type) return;
  throw new UsageError(`tls.${name} must be a ${type}, not ${kindOf(value)}`);
}

/** RFC 7301 §3.1: the length of a name is one byte, and no name is empty. Node ends the process for an empty one. */
function checkProtocols(names: unknown): void {
  if (!Array.isArray(names)) throw new UsageError(`tls.alpn must be a list of names, not ${kindOf(names)}`);
  for (const name of names) {
    const size = typeof name === 'string' ? new TextEncoder().encode(name).length : 0;
    if (size < 1 || size > 255) throw new UsageError('tls.alpn: each name is a string of 1 to 255 bytes');
  }
}

function checkPair({ cert, key }: TlsOptions): void {
  if ((cert === undefined) === (key === undefined)) return;
  const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
  throw new UsageError(`tls.${given} is given without tls.${missing}; a client certificate needs both`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (isBytes(value)) return 'bytes';
  return Array.isArray(value) ? 'a list' : typeof value;
}
