import { inspect } from 'node:util';
import { UsageError } from '@puka/errors';
import { freshBytes, type TransportConnector } from '@puka/transport';
import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../src/client-options.ts';
import { ConnectTarget, withoutSecrets } from '../../src/connecting/connect-target.ts';
import { platformName } from '../../src/runtime/runtime.ts';

const withoutFiles: TransportConnector = { runtime: 'memory', connect: () => Promise.reject(new Error('unused')) };

function sessionOf(url: string, options: ClientOptions = {}) {
  const target = new ConnectTarget(url, options);
  const [host] = target.hostsInOrder();
  if (host === undefined) throw new Error('no host');
  return target.sessionOptions(host, 1000, () => undefined);
}

describe('a target', () => {
  it('takes the options, and prefers what is in the URL', () => {
    const options = { heartbeat: 1, channelMax: 10, frameMax: 9000, mechanisms: ['AMQPLAIN'] } as const;
    expect(sessionOf('amqp://h/v', options)).toMatchObject({ ...options, vhost: 'v', isEncrypted: false });
    const url = 'amqps://h?heartbeat=2&channel_max=20&frame_max=8192&auth_mechanism=external';
    expect(sessionOf(url, options)).toMatchObject({
      heartbeat: 2,
      channelMax: 20,
      frameMax: 8192,
      mechanisms: ['EXTERNAL'],
      isEncrypted: true,
    });
  });

  it('has bodies copied into memory that V8 collects in time', () => {
    expect(sessionOf('amqp://h').newBody).toBe(freshBytes);
  });

  it('tells the platform', () => {
    expect(platformName()).toBe(`Node.js ${process.versions.node}`);
    expect(sessionOf('amqp://h')).toMatchObject({ platform: platformName() });
  });

  it.each<[string, string | readonly string[], ClientOptions]>([
    ['no URL', [], {}],
    ['what is no URL', [5 as never], {}],
    ['a bad URL among good ones', ['amqp://a', 'http://b'], {}],
    [
      'a login in the URL and in the options',
      'amqp://u:topsecret@a',
      { credentials: { username: 'u', password: 'p' } },
    ],
    ['credentials that are none', 'amqp://a', { credentials: { username: 'u' } as never }],
    ['a mechanism that is none', 'amqp://a', { mechanisms: [{ name: 'X' } as never] }],
    ['an unknown mechanism', 'amqp://a', { mechanisms: ['KERBEROS' as never] }],
    ['no mechanism', 'amqp://a', { mechanisms: [] }],
    ['a mechanism whose name is no text', 'amqp://a', { mechanisms: [{ name: 5, begin: () => ({}) } as never] }],
    ['mechanisms that are no list', 'amqp://a', { mechanisms: 'EXTERNAL' as never }],
    ['a password in the clear where that is forbidden', 'amqp://a', { allowCleartextPassword: false }],
    ['unreadable files', 'amqps://a?cacertfile=x', { transport: withoutFiles }],
    ['frames that are too small', 'amqp://a', { frameMax: 4096 }],
    ['properties that no table can hold', 'amqp://a', { clientProperties: { x: Number.NaN } }],
    ['a name that is no text', 'amqp://a', { connectionName: 5 as never }],
  ])('refuses %s', (_, urls, options) => {
    let error: unknown;
    try {
      new ConnectTarget(urls, options);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).not.toContain('topsecret');
  });

  it('allows a password over TLS where it is forbidden in the clear', () => {
    expect(() => new ConnectTarget('amqps://a', { allowCleartextPassword: false })).not.toThrow();
    expect(() => new ConnectTarget(['amqps://a', 'amqp://b'], { allowCleartextPassword: false })).toThrow(UsageError);
  });

  it('shows no secret to who only looks', () => {
    const options: ClientOptions = {
      credentials: { username: 'u', password: 'topsecret' },
      tls: { key: 'topsecret', passphrase: 'topsecret' },
      clientProperties: { token: 'topsecret' },
    };
    const targets = [new ConnectTarget('amqps://a', options), new ConnectTarget('amqp://u:topsecret@a', {})];
    for (const value of [...targets, ...targets.map((target) => target.hostsInOrder()), withoutSecrets(options)]) {
      const shown = `${inspect(value, { showHidden: true, getters: true, depth: 20 })}${JSON.stringify(value)}`;
      expect(shown).not.toContain('topsecret');
    }
  });
});
