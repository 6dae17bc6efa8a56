import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { type SaslMechanism, saslMechanisms } from '../../src/session/sasl.ts';
import { text } from './login-scene.ts';

function responseOf(name: 'PLAIN' | 'AMQPLAIN' | 'EXTERNAL', username: string, password: string): Uint8Array {
  const [mechanism] = saslMechanisms([name]);
  return mechanism?.begin({ username, password }).response ?? new Uint8Array(0);
}

describe('PLAIN', () => {
  it('sends user and password after NUL each, in UTF-8', () => {
    expect(text(responseOf('PLAIN', 'jörg', 'p:ä'))).toBe('\0jörg\0p:ä');
  });

  it('refuses a NUL in either, without showing them', () => {
    expect(() => responseOf('PLAIN', 'u', 'sec\0ret')).toThrow(UsageError);
    expect(() => responseOf('PLAIN', 'u\0', 'secret')).toThrow(/^(?!.*sec).*NUL/);
  });
});

describe('AMQPLAIN', () => {
  it('sends a table without its length', () => {
    const expected = Uint8Array.of(
      ...[5, ...octets('LOGIN'), 0x53, 0, 0, 0, 1, ...octets('u')], // name, tag S, length, text
      ...[8, ...octets('PASSWORD'), 0x53, 0, 0, 0, 2, ...octets('pw')],
    );
    expect(responseOf('AMQPLAIN', 'u', 'pw')).toEqual(expected);
  });
});

describe('EXTERNAL', () => {
  it('sends nothing, and needs no credentials', () => {
    expect(saslMechanisms(['EXTERNAL'])[0]?.begin(undefined).response).toBeUndefined();
  });
});

describe('mechanisms', () => {
  it.each(['EXTERNAL', null, { name: 'PLAIN' }])('are refused where they are no list: %j', (list) => {
    expect(() => saslMechanisms(list as never)).toThrow(UsageError);
  });

  it.each(['PLAIN', 'AMQPLAIN'] as const)('of the kind %s need credentials', (name) => {
    expect(() => saslMechanisms([name])[0]?.begin(undefined)).toThrow(UsageError);
  });

  it('keep the order of the list, and take one of the user between', () => {
    const own: SaslMechanism = { name: 'OWN', begin: () => ({}) };
    expect(saslMechanisms(['EXTERNAL', own, 'PLAIN']).map(({ name }) => name)).toEqual(['EXTERNAL', 'OWN', 'PLAIN']);
  });

  it.each([
    ['an empty list', []],
    ['an unknown name', ['DIGEST-MD5']],
    ['a name with a space', [{ name: 'A B', begin: () => ({}) }]],
    ['no begin()', [{ name: 'A' }]],
  ])('refuse %s', (_, list) => {
    expect(() => saslMechanisms(list as never)).toThrow(UsageError);
  });
});

function octets(letters: string): number[] {
  return [...letters].map((letter) => letter.charCodeAt(0));
}
