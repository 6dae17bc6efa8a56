import { AmqpSyntaxError } from '@puka/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkBasicDeliver,
  checkBasicGetOk,
  checkBasicPublish,
  checkBasicReturn,
  decodeMethod,
} from '../../../src/methods.ts';
import { fromHex } from '../../hex.ts';

const payloads = [
  ['basic.publish', checkBasicPublish, '003c0028 0000 01 65 03 6b6579 01'],
  ['basic.return', checkBasicReturn, '003c0032 0138 08 4e4f5f524f555445 01 65 03 6b6579'],
  ['basic.deliver', checkBasicDeliver, '003c003c 01 74 0000000000000001 00 01 65 03 6b6579'],
  ['basic.get-ok', checkBasicGetOk, '003c0047 0000000000000001 00 01 65 03 6b6579 00000007'],
] as const;

/** The message of the error, or nothing. */
function refusalOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(AmqpSyntaxError);
    return error instanceof Error ? error.message : undefined;
  }
}

describe.each(payloads)('the check of %s', (type, check, hex) => {
  const payload = fromHex(hex);

  it('takes a whole one, in the middle of other bytes too', () => {
    expect(refusalOf(() => check(payload))).toBeUndefined();
    const around = new Uint8Array(payload.length + 20).fill(0xff);
    around.set(payload, 10);
    expect(refusalOf(() => check(around, 10, 10 + payload.length))).toBeUndefined();
  });

  it('refuses one that is cut anywhere, whatever lies behind it, as the decoder does', () => {
    for (let end = 4; end < payload.length; end++) {
      const refusal = refusalOf(() => check(payload, 0, end));
      expect(refusal, `cut at ${end}`).toMatch(new RegExp(`${type.replace('.', '\\.')}`));
      expect(refusal).toBe(refusalOf(() => decodeMethod(payload, 0, end)));
    }
  });

  it('refuses an octet too many, and a short string that lies about its length', () => {
    const longer = new Uint8Array([...payload, 0]);
    expect(refusalOf(() => check(longer))).toMatch(/1 octets after its last field/);
    fc.assert(
      fc.property(fc.integer({ min: 4, max: payload.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, octet) => {
        const changed = new Uint8Array(payload);
        changed[at] = octet;
        expect(refusalOf(() => check(changed))).toBe(refusalOf(() => decodeMethod(changed)));
      }),
      { numRuns: 500 },
    );
  });
});
