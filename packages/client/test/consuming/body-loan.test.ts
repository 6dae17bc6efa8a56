import { describe, expect, it } from 'vitest';
import { BodyLoan } from '../../src/consuming/body-loan.ts';
import { BodyPool } from '../../src/consuming/body-pool.ts';
import type { ReceivedContent } from '../../src/session/index.ts';

const none = new Uint8Array(0);

/** The loan of a body of the letter `a`, copied into the pool or left among other bytes. */
function loanOf(size: number, pool: BodyPool, isOfPool: boolean): BodyLoan {
  const bodyBytes = isOfPool ? pool.take(size) : new Uint8Array(size + 200);
  const bodyStart = isOfPool ? 0 : 100;
  bodyBytes.fill(97, bodyStart, bodyStart + size);
  const content: ReceivedContent = {
    kind: 'deliver',
    deliveryTag: 1,
    methodBytes: none,
    methodStart: 0,
    methodEnd: 0,
    propertiesBytes: none,
    propertiesStart: 0,
    propertiesEnd: 0,
    bodyBytes,
    bodyStart,
    bodyEnd: bodyStart + size,
    bodyMemory: isOfPool ? pool : undefined,
    overLimit: undefined,
  };
  return new BodyLoan(content, pool);
}

for (const isOfPool of [true, false]) {
  describe(`a lent body ${isOfPool ? 'in memory of the pool' : 'where it was read'}`, () => {
    it('is there until it is returned, then it is detached', () => {
      const pool = new BodyPool();
      const loan = loanOf(5000, pool, isOfPool);
      const { body } = loan;
      const part = body.subarray(10, 20);
      expect([body.length, body[0], body[4999], loan.body === body, loan.text().length]).toEqual([
        ...[5000, 97, 97],
        true,
        5000,
      ]);
      expect(pool.isLent(body.buffer)).toBe(true);
      const { buffer } = body;
      loan.giveBack();
      loan.giveBack();
      expect([body.length, part.length, loan.body.length, loan.isEnded]).toEqual([0, 0, 0, true]);
      expect(pool.isLent(buffer)).toBe(false);
    });

    it('has no part of another message in its buffer that would be detached with it', () => {
      const pool = new BodyPool();
      const loan = loanOf(5000, pool, isOfPool);
      const other = loanOf(5000, pool, isOfPool);
      expect(loan.body.buffer).not.toBe(other.body.buffer);
      loan.giveBack();
      expect(other.text()).toBe('a'.repeat(5000));
    });

    it("is the user's for good once it is kept", () => {
      const pool = new BodyPool();
      const loan = loanOf(5000, pool, isOfPool);
      const body = loan.keep();
      loan.giveBack();
      expect([body.length, body[4999], pool.isLent(body.buffer)]).toEqual([5000, 97, false]);
      expect(pool.take(5000).buffer).not.toBe(body.buffer);
    });

    it('that the user has transferred stays where it went', () => {
      const pool = new BodyPool();
      const loan = loanOf(5000, pool, isOfPool);
      const { body } = loan;
      const moved = structuredClone(body, { transfer: [body.buffer as ArrayBuffer] });
      loan.giveBack();
      expect([moved.length, moved[4999]]).toEqual([5000, 97]);
    });

    it('that is empty is returned without an error', () => {
      const loan = loanOf(0, new BodyPool(), false);
      expect([loan.body.length, loan.text()]).toEqual([0, '']);
      loan.giveBack();
      expect(loan.isEnded).toBe(true);
    });
  });
}

describe('memory of the pool', () => {
  it('serves the next body, whether or not this one was read', () => {
    const pool = new BodyPool();
    const unseen = loanOf(5000, pool, true);
    unseen.giveBack();
    const seen = loanOf(5000, pool, true);
    const { body } = seen;
    seen.giveBack();
    const next = pool.take(5000);
    // The same memory, because it still has the bytes, in a buffer that no other code holds.
    expect([next.length, next[4999], body.length]).toEqual([8192, 97, 0]);
    expect(pool.take(5000)[0]).toBe(0);
  });

  it('is not taken for more bodies than one', () => {
    const pool = new BodyPool();
    const loan = loanOf(5000, pool, true);
    loan.giveBack();
    loan.giveBack();
    expect(pool.take(5000)).not.toBe(pool.take(5000));
  });
});
