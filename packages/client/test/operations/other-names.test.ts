import { expect, it } from 'vitest';
import { otherNames } from '../../src/operations/other-names.ts';

it('names of other clients are known whatever their spelling, those of the call first', () => {
  expect(otherNames('queueDeclare', 'dead_letter_exchange')).toContain('x-dead-letter-exchange');
  expect(otherNames('basicPublish', 'expires')).toContain('expiration');
  expect(otherNames('queueDeclare', 'expires')).toContain('x-expires');
  expect(otherNames('basicConsumeMulti', 'priority')).toContain('x-priority');
  expect(otherNames('new Client', 'rejectUnauthorized')).toBe('tls: { rejectUnauthorized: … }');
  expect(otherNames('queueDeclare', 'constructor')).toBeUndefined();
});
