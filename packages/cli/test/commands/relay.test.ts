import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Client } from '@puka/client';
import { startBroker } from '@puka/testing';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { type WebSocketConnectorOptions, webSocketConnector } from '@puka/transport/websocket';
import { expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { run, start } from '../harness.ts';

/** Sends a message through the relay and takes it again. */
async function tryOut(url: string, options: WebSocketConnectorOptions): Promise<void> {
  const client = new Client(url, { transport: webSocketConnector(options), recover: false });
  await client.connect();
  const { queue } = await client.queueDeclare({});
  await client.basicPublish({ routingKey: queue, body: 'through the relay' });
  expect((await client.basicGet({ queue, noAck: true }))?.text()).toBe('through the relay');
  await client.close();
}

test('puka relay carries a client, shows its counts, and ends with q', async () => {
  const broker = await startBroker();
  const input = new PassThrough();
  const words = ['relay', '--port', '0', '--json', '--path', '/amqp', '--url', broker.url];
  const running = start(words, { input });
  const { url, port } = JSON.parse(await running.printed('\n'));
  expect(url).toBe(`ws://127.0.0.1:${port}/amqp`);
  await tryOut(`amqp://127.0.0.1:${port}`, { WebSocket, path: '/amqp' });
  input.write('s');
  expect(await running.printed('accepted')).toMatch(/[01] connections? open, at most 1, 1 accepted/);
  input.write('q');
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 'done', stderr: '' });
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ open: 0, accepted: 1, bufferedBytes: 0 });
  await broker.stop();
});

test('puka relay speaks TLS with a certificate of its own', async () => {
  const { ca, server } = makeCertificates();
  const folder = mkdtempSync(join(tmpdir(), 'puka-relay-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, server.cert);
  writeFileSync(key, server.key);
  const broker = await startBroker();
  const words = ['relay', '--port', '0', '--json', '--tls-cert', cert, '--tls-key', key, '--url', broker.url];
  const running = start(words, { input: new PassThrough() });
  const { url, port } = JSON.parse(await running.printed('\n'));
  expect(url).toMatch(/^wss:/);
  class Trusting extends WebSocket {
    constructor(to: string, protocols?: string[]) {
      const options: ClientOptions = { ca };
      super(to, protocols, options);
    }
  }
  await tryOut(`amqps://127.0.0.1:${port}`, { WebSocket: Trusting });
  running.interrupt.abort();
  expect(await running.ended).toMatchObject({ code: 'interrupted' });
  await broker.stop();
  rmSync(folder, { recursive: true });
});

test('puka relay refuses a page of another origin', async () => {
  const running = start(['relay', '--port', '0', '--origin', 'https://shop.example'], { input: new PassThrough() });
  const url = (await running.printed('\n')).trim();
  const status = (origin: string): Promise<number | undefined> =>
    new Promise((resolve) => {
      const socket = new WebSocket(url, { origin });
      socket.on('unexpected-response', (_request, response) => {
        socket.on('error', () => undefined);
        socket.terminate();
        resolve(response.statusCode);
      });
      socket.on('open', () => {
        socket.terminate();
        resolve(101);
      });
    });
  expect(await status('https://evil.example')).toBe(403);
  expect(await status('https://shop.example')).toBe(101);
  running.interrupt.abort();
  await running.ended;
});

test.each<[string, readonly string[], string]>([
  ['an origin with a path', ['--origin', 'https://shop.example/'], '--origin takes what browsers send'],
  ['a path without a slash', ['--path', 'amqp'], '--path begins with a slash'],
  ['a certificate without its key', ['--tls-cert', 'c.pem'], '--tls-cert and --tls-key need each other'],
  ['a file that is not there', ['--tls-cert', '/none.pem', '--tls-key', '/none.pem'], '/none.pem cannot be read'],
  ['a limit of nothing', ['--max-connections', '0'], '--max-connections takes a whole number from 1'],
  ['a bad URL', ['--url', 'http://rabbit'], 'the URL is not of the form'],
])('puka relay names %s', async (_what, words, text) => {
  const { code, stderr } = await run(['relay', '--port', '0', ...words]);
  expect(code).toBe('usage');
  expect(stderr).toContain(text);
});
