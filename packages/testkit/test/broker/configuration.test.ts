import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSettings, writeConfiguration } from '../../src/broker/configuration.ts';
import type { LaunchOptions } from '../../src/broker/types.ts';
import { type FakeMachine, fakeMachine } from './fake-commands.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

async function written(options: LaunchOptions, tls?: number, management?: number): Promise<string> {
  const view = { folder: '/seen/as', bindAddress: '127.0.0.1', guestFromAnywhere: false };
  const files = await writeConfiguration(machine.folder, { amqp: 17000, tls, management }, options, view);
  return readFile(files.config, 'utf8');
}

describe('writeConfiguration', () => {
  it('binds the listeners to the loopback address', async () => {
    const config = await written({ plugins: ['rabbitmq_management'] }, undefined, 17002);
    expect(config).toContain('listeners.tcp.1 = 127.0.0.1:17000\n');
    expect(config).toContain('management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = 17002\n');
    expect(await readFile(join(machine.folder, 'enabled_plugins'), 'utf8')).toBe('[rabbitmq_management].\n');
  });

  it('lets a setting of the caller take the place of its own', async () => {
    const config = await written({ config: { 'disk_free_limit.absolute': '5GB', heartbeat: 3 } });
    expect(config.match(/disk_free_limit.*/g)).toEqual(['disk_free_limit.absolute = 5GB']);
    expect(config).toContain('heartbeat = 3\n');
  });

  it('writes key and certificates where the node sees them', async () => {
    const tls = { cert: 'CERT', key: 'KEY', ca: 'CA', requireClientCertificate: true };
    const config = await written({ tls }, 17001);
    expect(config).toContain('listeners.ssl.1 = 127.0.0.1:17001\n');
    expect(config).toContain('ssl_options.certfile = /seen/as/server-cert.pem\n');
    expect(config).toContain('ssl_options.cacertfile = /seen/as/ca.pem\n');
    expect(config).toContain('ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n');
    expect(await readFile(join(machine.folder, 'server-key.pem'), 'utf8')).toBe('KEY');
  });

  it('writes advanced.config only when there is one', async () => {
    await written({});
    await expect(stat(join(machine.folder, 'advanced.config'))).rejects.toThrow(/ENOENT/);
    await written({ advanced: '[{rabbit, []}].' });
    expect(await readFile(join(machine.folder, 'advanced.config'), 'utf8')).toBe('[{rabbit, []}].');
  });
});

describe('configSettings', () => {
  const pairs = [
    ['heartbeat', '5'],
    ['a.b', 'c = d'],
  ];
  it.each<[string, LaunchOptions['config']]>([
    ['an object', { heartbeat: 5, 'a.b': 'c = d' }],
    ['one text', '# comment\n\n heartbeat=5\na.b = c = d\n'],
    ['lines', ['heartbeat = 5', 'a.b = c = d']],
  ])('reads %s', (_, config) => {
    expect(configSettings(config)).toEqual(pairs);
  });

  it('refuses a line without a value', () => {
    expect(() => configSettings('heartbeat')).toThrow(/not "heartbeat"/);
  });
});
