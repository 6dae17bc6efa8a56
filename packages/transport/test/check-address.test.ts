import { expect, it } from 'vitest';
import { checkAddress } from '../src/check-address.ts';

it.each([0, 65_536, 1.5, Number.NaN])('refuses port %d', (port) => {
  expect(() => checkAddress({ host: '::1', port })).toThrow(
    `cannot connect to [::1]:${port}: a port is a whole number from 1 to 65535`,
  );
});

it('refuses an empty host', () => {
  expect(() => checkAddress({ host: '', port: 1 })).toThrow('cannot connect: the host is empty');
});

it.each([1, 65_535])('takes port %d', (port) => {
  expect(() => checkAddress({ host: 'a.test', port })).not.toThrow();
});
