import { InternalError, NotAllowed, NotFound } from '@puka/errors';
import { expect, it } from 'vitest';
import { closeFields, isHard, replyText } from '../../src/protocol/refusal.ts';

it('names the code, then what is wrong', () => {
  expect(replyText(404, "no queue 'q'")).toBe("NOT_FOUND - no queue 'q'");
  expect(replyText(541, '')).toBe('INTERNAL_ERROR');
});

it('is cut to what a short string holds, not within a character', () => {
  const text = replyText(404, 'ä'.repeat(200));
  const bytes = new TextEncoder().encode(text);
  expect([bytes.length <= 255, text.endsWith('ä...'), text.includes('\ufffd')]).toEqual([true, true, false]);
});

it('names the method at fault by class and method', () => {
  expect(closeFields(new NotFound('x'), (60 << 16) | 40)).toEqual({
    ...{ replyCode: 404, replyText: 'NOT_FOUND - x', classId: 60, methodId: 40 },
  });
});

it('ends the channel or the connection, by the code', () => {
  expect([new NotFound(''), new NotAllowed(''), new InternalError('')].map(isHard)).toEqual([false, true, true]);
});
