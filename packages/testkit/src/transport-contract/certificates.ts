/**
 * Makes an authority, certificates signed by it, and another authority that signed none of them; anew for each run, so that
 * no key lies in the repository and none can expire. Only for tests.
 */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { bitString, isTrue, objectIdentifier, sequence, smallInteger, tagged, utcTime, utf8String } from './der.ts';

/** PEM texts. */
export interface TestCertificates {
  /** The authority that signed `server` and `client`. */
  readonly ca: string;
  /** Another authority of the same kind. */
  readonly strangerCa: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: { readonly cert: string; readonly key: string };
  /** As `server`, but its time was over yesterday. */
  readonly expired: { readonly cert: string; readonly key: string };
  readonly client: {
    readonly cert: string;
    readonly key: string;
    /** The same key, opened by `passphrase`. */
    readonly encryptedKey: string;
    readonly passphrase: string;
  };
  /** A client's, signed by the other authority. */
  readonly strangerClient: { readonly cert: string; readonly key: string };
}

interface Authority {
  readonly name: string;
  readonly key: KeyObject;
  readonly cert: string;
}

interface CertificateContent {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
  /** The last day, counted from today. Default 30. */
  readonly lastDay?: number;
}

const dayMs = 86_400_000;

export function makeCertificates(): TestCertificates {
  const authority = makeAuthority('Test authority');
  const stranger = makeAuthority('Another authority');
  return {
    ca: authority.cert,
    strangerCa: stranger.cert,
    server: makeLeaf(authority, 'localhost'),
    expired: makeLeaf(authority, 'localhost', -1),
    client: withEncryptedKey(makeLeaf(authority, 'client')),
    strangerClient: makeLeaf(stranger, 'stranger'),
  };
}

function withEncryptedKey({ cert, key }: TestCertificates['server']): TestCertificates['client'] {
  const passphrase = randomBytes(8).toString('hex');
  const encryptedKey = createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
  return { cert, key, encryptedKey, passphrase };
}

function makeAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = extension('2.5.29.19', sequence(isTrue()));
  const maySignCertificates = extension('2.5.29.15', bitString(Buffer.from([0b0000_0110]), 1));
  const content = {
    subject: name,
    issuer: name,
    publicKey,
    signingKey: privateKey,
    extensions: [isAuthority, maySignCertificates],
  };
  return { name, key: privateKey, cert: signedCertificate(content) };
}

function makeLeaf(authority: Authority, name: string, lastDay = 30): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = extension(
    '2.5.29.17',
    sequence(tagged(0x82, Buffer.from(name)), tagged(0x87, Buffer.from([127, 0, 0, 1]))),
  );
  const purposes = extension(
    '2.5.29.37',
    sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'), objectIdentifier('1.3.6.1.5.5.7.3.2')),
  );
  const content = {
    subject: name,
    issuer: authority.name,
    publicKey,
    signingKey: authority.key,
    extensions: [names, purposes],
    lastDay,
  };
  return { cert: signedCertificate(content), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** RFC 5280 §4.1. */
function signedCertificate(wanted: CertificateContent): string {
  const { subject, issuer, publicKey, signingKey, extensions, lastDay = 30 } = wanted;
  const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
  const now = Date.now();
  const content = sequence(
    tagged(0xa0, smallInteger(2)), // version 3
    tagged(0x02, Buffer.from([0x01]), randomBytes(8)), // serial number, positive
    ecdsaWithSha256,
    commonName(issuer),
    sequence(utcTime(new Date(now - 2 * dayMs)), utcTime(new Date(now + lastDay * dayMs))),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const whole = sequence(content, ecdsaWithSha256, bitString(sign('sha256', content, signingKey)));
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(objectIdentifier('2.5.4.3'), utf8String(name))));
}

function extension(identifier: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(identifier), tagged(0x04, value));
}
