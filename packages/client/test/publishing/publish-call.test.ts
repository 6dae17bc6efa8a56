import { expect, it } from 'vitest';
import { isPublishCall } from '../../src/publishing/publish-call.ts';

it('a publish takes one object of its options, and a function', () => {
  expect(isPublishCall({ routingKey: 'k', body: 'b' }, undefined)).toBe(true);
  expect(isPublishCall({ routingKey: 'k' }, () => {})).toBe(true);
  expect(isPublishCall({ routingKey: 'k' }, 'later')).toBe(false);
  expect(isPublishCall({ routingKey: 'k', persistent: true }, undefined)).toBe(false);
  for (const wrong of [undefined, null, 'k', 5]) expect(isPublishCall(wrong, undefined)).toBe(false);
});
