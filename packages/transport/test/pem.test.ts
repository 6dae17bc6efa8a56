import { describe, expect, it } from 'vitest';
import { pemTexts } from '../src/pem.ts';

const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

describe('pemTexts', () => {
  it('takes text, bytes and lists of both', () => {
    expect(pemTexts('ca', pem)).toEqual([pem]);
    expect(pemTexts('ca', new TextEncoder().encode(pem))).toEqual([pem]);
    expect(pemTexts('ca', [pem, new TextEncoder().encode(pem)])).toEqual([pem, pem]);
  });

  it.each(['', 'none', '-----BEGIN CERTIFICATE-----'])(
    'refuses %j by the name of the option, without its text',
    (text) => {
      expect(() => pemTexts('key', text)).toThrow(/^tls\.key is no PEM text/);
      expect(() => pemTexts('key', text)).toThrow(expect.objectContaining({ name: 'UsageError' }));
    },
  );
});
