/** Checks and reads PEM options. It must not parse what is inside a block, but for its outermost length. */
import { UsageError } from '@puka/errors';
import type { Pem } from './contract.ts';

/** An option that holds PEM. */
export type PemOption = 'ca' | 'cert' | 'key';

declare function atob(text: string): string;

const block = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
const wantedLabels: Readonly<Record<PemOption, RegExp>> = {
  ca: /(?:^|X509 |TRUSTED )CERTIFICATE$/,
  cert: /(?:^|X509 |TRUSTED )CERTIFICATE$/,
  key: /(?:^| )PRIVATE KEY$/,
};
const labels: Readonly<Record<PemOption, string>> = { ca: 'CERTIFICATE', cert: 'CERTIFICATE', key: 'PRIVATE KEY' };

/**
 * The texts of an option, in order.
 *
 * @param value PEM that {@link checkPem} has taken.
 */
export function pemTexts(value: Pem | readonly Pem[]): string[] {
  return listOf(value).map(textOf);
}

/** Whether a key needs a passphrase: PKCS #8 shows it in its label, the older forms in a header (RFC 1421 §4.6.1.1). */
export function isEncrypted(key: Pem): boolean {
  return /ENCRYPTED/.test(textOf(key));
}

/** Whether a value is a `Uint8Array`, of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

/**
 * Checks that an option is PEM of its kind. The message never holds the text of the option.
 *
 * @throws UsageError that names what the value is instead: a path, DER, another kind of PEM, damaged.
 */
export function checkPem(name: PemOption, value: unknown): void {
  if (name !== 'key' && Array.isArray(value)) {
    if (value.length === 0) throw new UsageError(`tls.${name} is an empty list; leave it out, or give a certificate`);
    for (const one of value) checkOne(name, one);
  } else checkOne(name, value);
}

function checkOne(name: PemOption, value: unknown): void {
  if (typeof value !== 'string' && !isBytes(value)) {
    const kinds = name === 'key' ? 'a PEM text or its bytes' : 'a PEM text, its bytes, or a list of them';
    throw new UsageError(`tls.${name} must be ${kinds}`);
  }
  const text = textOf(value);
  const blocks = [...text.matchAll(block)].filter(([, label = '']) => wantedLabels[name].test(label));
  if (blocks.length === 0) throw new UsageError(`tls.${name} ${whyNoBlock(name, value, text)}`);
  for (const [, label = '', content = ''] of blocks) {
    if (!isWhole(label, content))
      throw new UsageError(`tls.${name} is damaged: a ${labels[name]} block cannot be read`);
  }
}

function whyNoBlock(name: PemOption, value: string | Uint8Array, text: string): string {
  if (isPath(text)) return 'looks like a path; give the contents of the file';
  // X.690 §8.9: what is in a PEM block begins with a SEQUENCE.
  if (typeof value !== 'string' && value[0] === 0x30)
    return `is DER, not PEM; convert it (openssl ${name === 'key' ? 'pkey' : 'x509'} -inform der)`;
  return `is not PEM: it has no block from -----BEGIN ${labels[name]}----- to -----END ${labels[name]}-----`;
}

function isPath(text: string): boolean {
  const line = text.trim();
  if (line === '' || line.length > 4096 || /[\r\n\0]|-----/.test(line)) return false;
  return (
    /^(?:file:|~?[/\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\])/.test(line) || /\.(?:pem|crt|cer|key|der|p12|pfx)$/i.test(line)
  );
}

/**
 * Whether a block is base64 of one DER value. An old encrypted key has headers instead, and OpenSSL puts more after a
 * trusted certificate: there, base64 is enough.
 */
function isWhole(label: string, content: string): boolean {
  const [, headers = '', body = ''] = /^((?:\s*[\w-]+:.*)*)([\s\S]*)$/.exec(content) ?? [];
  let octets: string;
  try {
    octets = atob(body.replace(/\s+/g, ''));
  } catch {
    return false;
  }
  if (headers !== '' || label.startsWith('TRUSTED')) return octets !== '';
  return isOneSequence(Uint8Array.from(octets.slice(0, 6), codeOf), octets.length);
}

/**
 * Whether DER of this length is one SEQUENCE, by its first bytes. X.690 §8.1.3.
 *
 * @param head the first 6 bytes, or all if there are fewer.
 */
export function isOneSequence(head: Uint8Array, byteCount: number): boolean {
  const [tag = 0, first = 0] = head;
  if (tag !== 0x30) return false;
  if (first < 0x80) return byteCount === 2 + first;
  const sizeBytes = first & 0x7f;
  if (sizeBytes === 0 || sizeBytes > 4) return false;
  const size = head.subarray(2, 2 + sizeBytes).reduce((sum, octet) => sum * 256 + octet, 0);
  return byteCount === 2 + sizeBytes + size;
}

function codeOf(letter: string): number {
  return letter.charCodeAt(0);
}

function listOf(value: Pem | readonly Pem[]): readonly Pem[] {
  return typeof value === 'string' || isBytes(value) ? [value] : value;
}

function textOf(value: Pem): string {
  return typeof value === 'string' ? value : new TextDecoder().decode(value);
}
