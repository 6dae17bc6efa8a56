import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Loopback, listen } from '../../src/listener/loopback.ts';
import { TestSink } from './test-sink.ts';

let loopback: Loopback;
let sink: TestSink;
let socket: Socket;

beforeEach(async () => {
  sink = new TestSink();
  loopback = await listen('127.0.0.1', 0, sink.accept);
  socket = connect(loopback.port, '127.0.0.1');
});

afterEach(async () => {
  socket.destroy();
  await loopback.close();
});

it('hands over what comes, and reports the end once', async () => {
  socket.end('hello');
  const line = await sink.accepted();
  await sink.until(() => sink.heard.includes('ended'));
  line.end();
  await loopback.close();
  expect(sink.heard).toEqual(['hello', 'ended']);
});

it('sends chunks in their order, then the end', async () => {
  const line = await sink.accepted();
  line.write([new TextEncoder().encode('hel'), new TextEncoder().encode('lo')]);
  line.end();
  expect(line.write([new TextEncoder().encode('late')])).toBe(false);
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes.toString();
  });
  await once(socket, 'end');
  expect(heard).toBe('hello');
});

it('breaks off at once', async () => {
  const line = await sink.accepted();
  line.reset();
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET' });
});

it('breaks off after an end, and the socket is gone', async () => {
  const line = await sink.accepted();
  socket.resume();
  line.end();
  line.reset();
  await once(socket, 'close');
  // Comes when every socket is closed, on this side too.
  await loopback.close();
  expect(sink.heard).toEqual(['ended']);
});

it('reports when it can take no more, and when it can again', async () => {
  socket.pause();
  const line = await sink.accepted();
  const chunk = new Uint8Array(1_048_576);
  let mayGoOn = true;
  while (line.bufferedBytes === 0) mayGoOn = line.write([chunk]);
  expect(mayGoOn).toBe(false);
  socket.resume();
  await sink.until(() => sink.heard.includes('drained'));
  await sink.until(() => line.bufferedBytes === 0);
});

it('names who is at the other end', async () => {
  expect((await sink.accepted()).name).toBe(`127.0.0.1:${socket.localPort} -> 127.0.0.1:${loopback.port}`);
});

it('reports which port cannot be had', async () => {
  await expect(listen('127.0.0.1', loopback.port, sink.accept)).rejects.toMatchObject({
    name: 'ConnectionBroken',
    message: `cannot listen on 127.0.0.1:${loopback.port}`,
  });
});
