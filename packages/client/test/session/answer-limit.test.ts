import { LimitExceeded } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { AnswerLimit } from '../../src/session/answer-limit.ts';

const maxAnswerBytes = 1000;

describe('answers that the peer does not read', () => {
  it('are refused above the limit, and not at it', () => {
    const limit = new AnswerLimit(maxAnswerBytes);
    limit.add(maxAnswerBytes);
    limit.check();
    limit.add(1);
    expect(() => limit.check()).toThrow(LimitExceeded);
    expect(() => limit.check()).toThrow(expect.objectContaining({ blame: 'peer', scope: 'connection' }));
  });

  it('count no more once they have gone out, though other output always waits', () => {
    const limit = new AnswerLimit(maxAnswerBytes);
    let written = 0;
    for (let round = 0; round < 1000; round++) {
      limit.add(maxAnswerBytes / 10);
      written += maxAnswerBytes / 10;
      // Half of the last round has not gone out.
      limit.outputGone(written - maxAnswerBytes / 20, written);
      limit.check();
    }
  });

  it('count as long as nothing goes out', () => {
    const limit = new AnswerLimit(maxAnswerBytes);
    let rounds = 0;
    const round = (): void => {
      rounds++;
      limit.add(maxAnswerBytes / 10);
      limit.outputGone(0, (rounds * maxAnswerBytes) / 10);
      limit.check();
    };
    expect(() => {
      while (rounds < 100) round();
    }).toThrow(LimitExceeded);
    expect(rounds).toBeLessThan(20);
  });
});
