import { expect, it } from 'vitest';
import { hardReplyCodes, replyCodeDefinitions, replySuccess, softReplyCodes } from '../../src/protocol/reply-codes.ts';

it('lists every code once, by number', () => {
  const codes = replyCodeDefinitions.map(({ code }) => code);
  expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
  expect(codes).toHaveLength(softReplyCodes.length + hardReplyCodes.length);
  expect(codes).not.toContain(replySuccess.value);
});

it('has each code among those of its kind', () => {
  expect(softReplyCodes.filter(({ hard }) => hard)).toEqual([]);
  expect(hardReplyCodes.filter(({ hard, scope }) => !hard || scope !== 'connection')).toEqual([]);
});
