import { expect, it } from 'vitest';
import { isAtLeast } from '../../src/broker/index.ts';

it.each([
  ['3.10.8', '4.0', false],
  ['4.0.5', '4.0', true],
  ['4.1.0-rc.1', '4.1', true],
  ['4.10.0', '4.9', true],
  ['4.3.6', '4.4', false],
  ['5.0', '4.3', true],
] as const)('%s is %s or later: %s', (version, release, wanted) => {
  expect(isAtLeast(version, release)).toBe(wanted);
});
