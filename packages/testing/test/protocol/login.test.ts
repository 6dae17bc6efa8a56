import { encodeTable } from '@puka/wire';
import { expect, it } from 'vitest';
import { readLogin } from '../../src/protocol/login.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('reads PLAIN without an identity', () => {
  expect(readLogin('PLAIN', bytes('\0user\0pass'))).toEqual({ username: 'user', password: 'pass' });
});

it.each(['user', 'id\0user\0pass', '\0user', '\0user\0pass\0more'])('takes %j for no PLAIN', (text) => {
  expect(readLogin('PLAIN', bytes(text))).toBeUndefined();
});

it('reads AMQPLAIN, a table without its length', () => {
  const table = encodeTable({ LOGIN: 'user', PASSWORD: 'pass' }).subarray(4);
  expect(readLogin('AMQPLAIN', table)).toEqual({ username: 'user', password: 'pass' });
  expect(readLogin('AMQPLAIN', bytes('rubbish'))).toBeUndefined();
});

it('knows no other mechanism', () => {
  expect(readLogin('EXTERNAL', bytes(''))).toBeUndefined();
});
