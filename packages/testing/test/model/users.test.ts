import { AccessRefused } from '@puka/errors';
import { expect, it } from 'vitest';
import { Users } from '../../src/model/users.ts';

function userWho(may: string): Users {
  const users = new Users();
  users.setPermissions('u', '/', { configure: may, write: may, read: may });
  return users;
}

function isAllowed(users: Users, name: string): boolean {
  try {
    users.check('u', { kind: 'exchange', vhost: '/', name }, 'write');
    return true;
  } catch (error) {
    if (error instanceof AccessRefused) return false;
    throw error;
  }
}

it.each([
  ['.*', 'anything', true],
  ['^own', 'own-one', true],
  ['^own', 'his-own', false],
  ['own', 'his-own', true],
  ['', 'anything', false],
  ['^amq\\.default$', '', true],
])('with the pattern %s %s', (pattern, name, expected) => {
  expect(isAllowed(userWho(pattern), name)).toBe(expected);
});

it('may nothing in a vhost without permissions', () => {
  const users = userWho('.*');
  expect([users.mayEnter('u', '/'), users.mayEnter('u', 'other')]).toEqual([true, false]);
});

it('puts the name of the user into a pattern for routing keys', () => {
  const users = userWho('.*');
  const exchange = { kind: 'exchange', vhost: '/', name: 't' } as const;
  users.setTopicPermissions('u', '/', 't', { write: '^{username}\\.', read: '.*' });
  expect(() => users.checkTopic('u', exchange, 'u.x', 'write')).not.toThrow();
  expect(() => users.checkTopic('u', exchange, 'v.x', 'write')).toThrow("access to topic 'v.x' in exchange 't'");
});
