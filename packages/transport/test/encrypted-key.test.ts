import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isWrongPassphrase, openKey } from '../src/encrypted-key.ts';

const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const passphrase = 'päss/word';

describe('an encrypted key', () => {
  it.each([
    ['aes-128-cbc', elliptic],
    ['aes-192-cbc', elliptic],
    ['aes-256-cbc', elliptic],
    ['aes-256-cbc', rsa],
  ])('in %s is opened', async (cipher, key) => {
    const pem = key.export({ type: 'pkcs8', format: 'pem', cipher, passphrase }).toString();
    const opened = await openKey(`before\n${pem}after`, passphrase);
    expect(createPrivateKey(opened).equals(key)).toBe(true);
  });

  it('is not opened by another passphrase, which is in no text', async () => {
    const pem = elliptic.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString();
    const error: unknown = await openKey(pem, 'wrong one').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'USAGE_ERROR', message: 'tls.passphrase does not open tls.key' });
  });

  it('distinguishes a wrong passphrase from one that may be right, whatever bytes result', async () => {
    const pem = elliptic.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString();
    // One in 256 decrypts to bytes that look well padded.
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => isWrongPassphrase(pem, `wrong ${i}`)));
    expect(answers).not.toContain(false);
    expect(await isWrongPassphrase(pem, passphrase)).toBe(false);
  });

  it.each([
    [
      'of another cipher',
      elliptic.export({ type: 'pkcs8', format: 'pem', cipher: 'des-ede3-cbc', passphrase }).toString(),
    ],
    ['of the old form', rsa.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString()],
    ['that is none', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHs\n-----END ENCRYPTED PRIVATE KEY-----'],
    ['that is not base64', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n!!!\n-----END ENCRYPTED PRIVATE KEY-----'],
    ['that is empty', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n\n-----END ENCRYPTED PRIVATE KEY-----'],
  ])('%s is refused with what to do', async (_, pem) => {
    await expect(openKey(pem, passphrase)).rejects.toThrow('decrypt it first');
  });
});
