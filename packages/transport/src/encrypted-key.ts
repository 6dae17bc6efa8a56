/**
 * Opens an encrypted private key by WebCrypto, because Deno's sockets take only keys in the clear. It reads PKCS #8 with
 * OpenSSL's default encryption: PBES2 with PBKDF2 and AES in CBC mode (RFC 8018 §6.2). It must not keep what it opens.
 */
import { UsageError } from '@puka/errors';
import { isOneSequence } from './pem.ts';

/** The part of `crypto.subtle` that this file uses. */
interface Subtle {
  importKey(form: 'raw', key: Uint8Array, algorithm: 'PBKDF2', isShown: false, uses: ['deriveKey']): Promise<object>;
  deriveKey(how: object, base: object, what: object, isShown: false, uses: ['decrypt']): Promise<object>;
  decrypt(how: object, key: object, bytes: Uint8Array): Promise<ArrayBuffer>;
}

declare const crypto: { readonly subtle: Subtle };
declare function atob(text: string): string;
declare function btoa(text: string): string;

/** How a key is encrypted. */
interface Encryption {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly hash: string;
  readonly keyBits: number;
  readonly iv: Uint8Array;
  readonly data: Uint8Array;
}

const pbes2 = '2a864886f70d01050d';
const pbkdf2 = '2a864886f70d01050c';
/** By object identifier. HMAC with SHA-1 is meant if none is named. */
const hashes: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d0207', 'SHA-1'],
  ['2a864886f70d0209', 'SHA-256'],
  ['2a864886f70d020a', 'SHA-384'],
  ['2a864886f70d020b', 'SHA-512'],
]);
const keySizes: ReadonlyMap<string, number> = new Map([
  ['608648016503040102', 128],
  ['608648016503040116', 192],
  ['60864801650304012a', 256],
]);

/**
 * Opens a key.
 *
 * @param pem a text with an `ENCRYPTED PRIVATE KEY` block.
 * @returns the same key as a `PRIVATE KEY` block.
 * @throws (rejects) UsageError for a wrong passphrase, and for encryption of another kind.
 */
export async function openKey(pem: string, passphrase: string): Promise<string> {
  const { data, iv, salt, iterations, hash, keyBits } = readEncryption(bytesOf(pem));
  const base = await crypto.subtle.importKey('raw', new TextEncoder().encode(passphrase), 'PBKDF2', false, [
    'deriveKey',
  ]);
  const how = { name: 'PBKDF2', salt, iterations, hash };
  const key = await crypto.subtle.deriveKey(how, base, { name: 'AES-CBC', length: keyBits }, false, ['decrypt']);
  let opened: Uint8Array;
  try {
    opened = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, data));
  } catch {
    throw wrongPassphrase();
  }
  // One wrong passphrase in 256 yields bytes that look well padded. They are not a key.
  if (!isOneSequence(opened, opened.length)) throw wrongPassphrase();
  const text = btoa(String.fromCharCode(...opened)).replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`;
}

/**
 * Whether a passphrase is known to be wrong. `false` for encryption that this file does not read.
 *
 * @param pem a text with an encrypted key.
 */
export async function isWrongPassphrase(pem: string, passphrase: string): Promise<boolean> {
  try {
    await openKey(pem, passphrase);
    return false;
  } catch (error) {
    return error instanceof Error && error.message === wrongPassphrase().message;
  }
}

/** The error of a passphrase that does not open the key. It has no cause: a cause would add nothing. */
export function wrongPassphrase(): UsageError {
  return new UsageError('tls.passphrase does not open tls.key');
}

function bytesOf(pem: string): Uint8Array {
  const [, text] = /-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]+)-----END/.exec(pem) ?? [];
  if (text === undefined) throw otherKind();
  try {
    return Uint8Array.from(atob(text.replace(/\s+/g, '')), (letter) => letter.charCodeAt(0));
  } catch {
    throw otherKind();
  }
}

/** RFC 5958 §3, RFC 8018 §A.2 to §A.4. */
function readEncryption(bytes: Uint8Array): Encryption {
  const [algorithm, data] = parts(only(parts(bytes)));
  const [scheme, schemes] = parts(algorithm);
  const [derivation, cipher] = parts(schemes);
  const [deriving, parameters] = parts(derivation);
  const [salt, iterations, ...rest] = parts(parameters);
  const [cipherName, iv] = parts(cipher);
  const keyBits = keySizes.get(hex(cipherName));
  // The key's length may come before the hash. It follows from the cipher, so it is skipped.
  const named = rest.find(({ tag }) => tag === 0x30);
  const hash = named === undefined ? 'SHA-1' : hashes.get(hex(parts(named)[0]));
  if (hex(scheme) !== pbes2 || hex(deriving) !== pbkdf2 || keyBits === undefined || hash === undefined)
    throw otherKind();
  return {
    ...{ keyBits, hash, salt: contentOf(salt), iv: contentOf(iv), data: contentOf(data) },
    iterations: Number.parseInt(hex(iterations), 16),
  };
}

/** One value of DER. */
interface Part {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** The values of a sequence. X.690 §8.1. */
function parts(from: Part | Uint8Array | undefined): Part[] {
  const bytes = from instanceof Uint8Array ? from : contentOf(from);
  const found: Part[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    let size = bytes[at + 1] ?? 0;
    at += 2;
    if (size > 0x80) {
      const end = at + (size & 0x7f);
      for (size = 0; at < end; at += 1) size = size * 256 + (bytes[at] ?? 0);
    }
    if (at + size > bytes.length) throw otherKind();
    found.push({ tag, value: bytes.subarray(at, at + size) });
    at += size;
  }
  return found;
}

function only([part]: readonly Part[]): Part | undefined {
  return part;
}

function contentOf(part: Part | undefined): Uint8Array {
  if (part === undefined) throw otherKind();
  return part.value;
}

function hex(part: Part | undefined): string {
  return Array.from(contentOf(part), (octet) => octet.toString(16).padStart(2, '0')).join('');
}

function otherKind(): UsageError {
  return new UsageError(
    "Deno's TLS cannot open this tls.key: only PKCS #8 with PBES2, PBKDF2 and AES-CBC is supported; decrypt it first (openssl pkey)",
  );
}
