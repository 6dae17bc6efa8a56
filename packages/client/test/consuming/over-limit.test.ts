import { describe, expect, it } from 'vitest';
import { consumerOverLimit, messageOverLimit } from '../../src/consuming/over-limit.ts';

describe('the error for what is over a limit', () => {
  it('names the limit, the queue and where the message goes', () => {
    const error = messageOverLimit('a message of 5 bytes came; the limit is 4', 'jobs', false, 'basic.get');
    expect(error.message).toBe(
      "a message of 5 bytes came; the limit is 4; it came from queue 'jobs', and it goes back to its queue",
    );
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED', method: 'basic.get', outcome: 'refused' });
  });

  it('reports that a message without ack is lost', () => {
    const error = messageOverLimit('too long', 'jobs', true, 'basic.consume');
    expect(error).toMatchObject({ outcome: 'unknown', message: expect.stringMatching(/it is lost, .*noAck/) });
  });

  it('of a consumer says how much it held, and what becomes of that', () => {
    expect(consumerOverLimit('too much', 'jobs', false, 7).message).toMatch(/'jobs' .* 7 bytes go back to the queue/);
    expect(consumerOverLimit('too much', 'jobs', true, 7).message).toMatch(/7 bytes are lost/);
  });

  it('shows no control character of a queue name', () => {
    expect(messageOverLimit('too long', '\u001b[2Jjobs', false, 'basic.get').message).toContain("queue 'jobs'");
  });
});
