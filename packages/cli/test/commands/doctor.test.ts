import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../harness.ts';

let broker: EmbeddedBroker;
beforeEach(async () => {
  broker = await startBroker({ version: '4.1.0' });
});
afterEach(() => broker.stop());

function steps(stdout: string): string[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ step, state }) => `${step} ${state}`);
}

describe('puka doctor', () => {
  test('finds all well, down to the clock of the broker', async () => {
    const { code, stdout } = await run(['doctor', broker.url, '--json']);
    const names = ['url', 'name', 'port', 'protocol', 'login', 'vhost', 'version', 'limits', 'rights', 'clock'];
    expect(steps(stdout)).toEqual(names.map((name) => `${name} ok`));
    expect(code).toBe('done');
    await broker.idle();
    expect(broker.queues()).toEqual([]);
  });

  test('says so in words', async () => {
    const { stdout } = await run(['doctor'], { url: broker.url });
    expect(stdout).toContain(`ok       port      port ${broker.port} is open\n`);
    expect(stdout).toMatch(/all is well\n$/);
  });

  test('knows a refused login from a refused vhost', async () => {
    const login = await run(['doctor', broker.urlFor({ password: 'wrong' }), '--json']);
    expect(steps(login.stdout).slice(-2)).toEqual(['protocol ok', 'login failed']);
    expect(login).toMatchObject({ code: 'refused' });
    expect(login.stdout).not.toContain('wrong"');
    const vhost = await run(['doctor', broker.urlFor({ vhost: 'none' }), '--json']);
    expect(steps(vhost.stdout).slice(-2)).toEqual(['login ok', 'vhost failed']);
    expect(vhost).toMatchObject({ code: 'refused' });
  });

  test('knows a port that no server listens on', async () => {
    const { url } = broker;
    await broker.stop();
    const { code, stdout } = await run(['doctor', url, '--json']);
    expect(steps(stdout).at(-1)).toBe('port failed');
    expect(code).toBe('noConnection');
  });

  test('reports a name that does not exist', async () => {
    const { code, stdout } = await run(['doctor', 'amqp://no-such-host.invalid', '--json']);
    expect(steps(stdout).at(-1)).toBe('name failed');
    expect(code).toBe('noConnection');
  });

  test('takes a login without a host, as the client does', async () => {
    const { port } = broker;
    const { code, stdout } = await run(['doctor', `amqp://guest:guest@:${port}/%2F`, '--json']);
    expect(steps(stdout).at(-1)).toBe('clock ok');
    expect(code).toBe('done');
  });

  test('knows a server of something else, and a port without TLS', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0-OpenSSH_9.2\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = Object(server.address());
      const other = await run(['doctor', `amqp://127.0.0.1:${port}`, '--json']);
      expect(steps(other.stdout).at(-1)).toBe('protocol failed');
      const tls = await run(['doctor', `amqps://127.0.0.1:${port}`, '--json']);
      expect(steps(tls.stdout).at(-1)).toBe('tls failed');
      expect(tls.stdout).toContain('does not speak TLS');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('checks the certificate with the CA that the URL names', async () => {
    const { ca, strangerCa, server: identity } = makeCertificates();
    const server = createTlsServer(identity, (socket) => socket.on('error', () => undefined).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const folder = await mkdtemp(join(tmpdir(), 'puka-doctor-'));
    const path = join(folder, 'ca.pem');
    const { port } = Object(server.address());
    const look = () => run(['doctor', `amqps://127.0.0.1:${port}?cacertfile=${encodeURIComponent(path)}`, '--json']);
    try {
      await writeFile(path, ca);
      expect(steps((await look()).stdout)).toContain('tls ok');
      await writeFile(path, strangerCa);
      expect(steps((await look()).stdout)).toContain('tls warning');
    } finally {
      await rm(folder, { recursive: true });
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('warns of a right that is missing', async () => {
    broker.setPermissions('guest', { configure: '^$' });
    const { code, stdout } = await run(['doctor', broker.url, '--json']);
    expect(steps(stdout).at(-1)).toBe('rights warning');
    expect(stdout).toContain('cannot declare a queue');
    expect(code).toBe('done');
  });

  test('warns of a clock that is off', async () => {
    await broker.advance(60_000);
    const { stdout } = await run(['doctor', broker.url, '--json']);
    expect(steps(stdout).at(-1)).toBe('clock warning');
    expect(stdout).toMatch(/clock is (59|60|61) s ahead of this one/);
  });

  test('takes a wrong URL for a mistake on the command line', async () => {
    expect(await run(['doctor', 'http://x'])).toMatchObject({ code: 'usage', stdout: '' });
  });
});
