import { inspect } from 'node:util';
import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { readAmqpUrl } from '../../src/connecting/amqp-url.ts';

const plain = { tls: false, host: 'localhost', port: 5672, vhost: '/' };

describe('an AMQP URL', () => {
  it.each([
    ['amqp:///', plain],
    ['amqp://', plain],
    ['AMQP://host', { ...plain, host: 'host' }],
    ['amqp://host:1', { ...plain, host: 'host', port: 1 }],
    ['amqp://:5673', { ...plain, port: 5673 }],
    ['amqps://host', { ...plain, tls: true, host: 'host', port: 5671 }],
    ['amqp://host/%2f', { ...plain, host: 'host' }],
    ['amqp://host/', { ...plain, host: 'host' }],
    ['amqp://host/a%2Fb', { ...plain, host: 'host', vhost: 'a/b' }],
    ['amqp://[::1]:1/v', { ...plain, host: '::1', port: 1, vhost: 'v' }],
    ['amqp://[fe80::1%25eth0]', { ...plain, host: 'fe80::1%eth0' }],
    ['amqp://h%C3%B6st', { ...plain, host: 'höst' }],
    ['amqp://host?heartbeat=1', { ...plain, host: 'host', parameters: { heartbeat: 1 } }],
    ['amqp://host/v?', { ...plain, host: 'host', vhost: 'v', parameters: {} }],
  ])('%s is read', (url, address) => {
    expect(readAmqpUrl(url)).toMatchObject(address);
  });

  it.each([
    ['amqp://host', undefined],
    ['amqp://u@host', ['u', 'guest']],
    ['amqp://u:@host', ['u', '']],
    ['amqp://:p@host', ['guest', 'p']],
    ['amqp://@host', ['guest', 'guest']],
    ['amqp://u%40x:p%3Aq%2F%3F@host', ['u@x', 'p:q/?']],
    ['amqp://u:a:b@host', ['u', 'a:b']],
  ])('%s has its login', (url, login) => {
    const { credentials } = readAmqpUrl(url);
    expect(credentials && [credentials.username, credentials.reveal()]).toEqual(login);
  });

  it('can be told to mean TLS', () => {
    expect(readAmqpUrl('amqp://host', 'tls')).toMatchObject({ tls: true, port: 5671 });
  });

  it.each([
    ['a space in the host', 'amqp://topsecret b c'],
    ['a comma in the host', 'amqp://topsecret,other'],
    ['an escaped slash in the host', 'amqp://topsecret%2Fb'],
    ['an escaped line break in the host', 'amqp://topsecret%0Ab'],
    ['an escaped NUL in the host', 'amqp://topsecret%00'],
    ['an empty IPv6 address', 'amqp://user:topsecret@[]'],
    ['a name for an IPv6 address', 'amqp://user:topsecret@[local host]'],
    ...[...'<>^|\\"`{}!$&()*+;=~'].map((sign) => [`a ${sign} in the host`, `amqp://topsecret${sign}b`]),
    ['another scheme', 'http://user:topsecret@host'],
    ['no scheme', 'user:topsecret@host'],
    ['port 0', 'amqp://user:topsecret@host:0'],
    ['a port too high', 'amqp://user:topsecret@host:70000'],
    ['no port number', 'amqp://user:topsecret@host:x'],
    ['a path of two', 'amqp://user:topsecret@h/a/b'],
    ['a fragment', 'amqp://user:topsecret@h#x'],
    ['a bad escape in the user', 'amqp://%zz:topsecret@h'],
    ['a bad escape in the password', 'amqp://user:topsecret%zz@h'],
    ['a bad escape in the vhost', 'amqp://user:topsecret@h/%zz'],
    ['bytes that are no UTF-8', 'amqp://user:topsecret@h/%ff'],
    ['an @ in the password', 'amqp://user:x@topsecret@h'],
    ['a / in the password', 'amqp://user:topsecret/x@h'],
    ['a # in the password', 'amqp://user:topsecret#x@h'],
    ['a ? in the password', 'amqp://user:topsecret?x@h'],
    ['a ? after digits in the password', 'amqp://user:12?topsecret@h'],
    ['a ? and a = in the password', 'amqp://user:12?top=topsecret@h'],
    ['a password where the port stands', 'amqp://topsecret:99999999'],
    ['an unknown parameter', 'amqp://user:topsecret@h?colour=topsecret'],
  ])('with %s is refused without a word of its secrets', (_, url) => {
    let error: unknown;
    try {
      readAmqpUrl(url);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/topsecret|99999999/);
  });

  it('shows no password to who only looks', () => {
    const address = readAmqpUrl('amqps://user:topsecret@h?password=keysecret&keyfile=k');
    const shown = `${inspect(address, { showHidden: true, getters: true, depth: 9 })}${JSON.stringify(address)}${String(address)}`;
    expect(shown).not.toMatch(/topsecret|keysecret/);
    expect(address.credentials?.reveal()).toBe('topsecret');
    expect(address.parameters.tls?.revealPassphrase()).toBe('keysecret');
  });
});
