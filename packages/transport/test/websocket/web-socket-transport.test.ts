/** What the contract suite cannot see: messages, credit, and peers that break the rules. */
import { Recorder } from '@puka/testkit/transport-contract';
import type { Transport } from '@puka/transport';
import { acceptWebSocket, relayWindowBytes, webSocketConnector } from '@puka/transport/websocket';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeWebSocket, fakeWebSockets } from './fake-web-socket.ts';

interface Scene {
  readonly socket: FakeWebSocket;
  readonly transport: Transport;
  readonly recorder: Recorder;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A transport whose handlers may be called. */
async function accepted(protocol = 'puka-relay.v1'): Promise<Scene> {
  const socket = new FakeWebSocket();
  socket.protocol = protocol;
  const recorder = new Recorder();
  const transport = acceptWebSocket(socket, { handlers: recorder, host: 'client', port: 1 });
  await vi.advanceTimersByTimeAsync(0);
  return { socket, transport, recorder };
}

async function broken({ recorder }: Scene, text: string): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  expect(recorder.events.at(-1)).toBe('close');
  expect(recorder.closeError?.message).toContain(text);
}

describe('credit for the other side', () => {
  it('is the window at first, and what was taken later', async () => {
    const { socket } = await accepted();
    expect(socket.sent).toEqual([`credit ${relayWindowBytes}`]);
    socket.message(new Uint8Array(relayWindowBytes / 2 - 1));
    expect(socket.sent.length).toBe(1);
    socket.message(new Uint8Array(1));
    expect(socket.sent[1]).toBe(`credit ${relayWindowBytes / 2}`);
  });

  it('waits for resume()', async () => {
    const { socket, transport, recorder } = await accepted();
    transport.pause();
    socket.message(new Uint8Array(relayWindowBytes));
    expect(socket.sent.length).toBe(1);
    expect(recorder.receivedBytes).toBe(0);
    transport.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(recorder.receivedBytes).toBe(relayWindowBytes);
    expect(socket.sent[1]).toBe(`credit ${relayWindowBytes}`);
  });

  it('is not given before resume() to a client that was accepted paused', async () => {
    const socket = new FakeWebSocket();
    socket.protocol = 'puka-relay.v1';
    const transport = acceptWebSocket(socket, { handlers: new Recorder(), host: 'client', port: 1 });
    transport.pause();
    await vi.advanceTimersByTimeAsync(100);
    expect(socket.sent).toEqual([]);
    transport.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.sent).toEqual([`credit ${relayWindowBytes}`]);
  });
});

describe('credit of our own', () => {
  it('is never exceeded', async () => {
    const { socket, transport } = await accepted();
    socket.sent.length = 0;
    expect(transport.write([new Uint8Array(100_000)])).toBe(false);
    expect(socket.sent).toEqual([]);
    expect(transport.bufferedBytes).toBe(100_000);
    socket.message('credit 70000');
    expect(socket.sent.map((bytes) => bytes.length)).toEqual([65_536, 70_000 - 65_536]);
    expect(transport.bufferedBytes).toBe(30_000);
  });

  it('sends nothing after bytes that were transferred while they waited', async () => {
    const scene = await accepted();
    const { socket, transport, recorder } = scene;
    const lost = new Uint8Array(20_000);
    socket.sent.length = 0;
    transport.write([Uint8Array.of(1), lost, Uint8Array.of(2)]);
    structuredClone(lost, { transfer: [lost.buffer] });
    socket.message('credit 100');
    expect(socket.sent).toEqual([Uint8Array.of(1)]);
    expect(recorder.events).toEqual([]);
    await broken(scene, 'transferred');
    expect(socket.closes.length).toBe(1);
  });

  it('sends the end after the bytes', async () => {
    const { socket, transport, recorder } = await accepted();
    socket.sent.length = 0;
    transport.write([Uint8Array.of(1, 2)]);
    transport.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.sent).toEqual([]);
    socket.message('credit 1');
    expect(socket.sent).toEqual([Uint8Array.of(1)]);
    socket.message('credit 1');
    expect(socket.sent).toEqual([Uint8Array.of(1), Uint8Array.of(2), 'end']);
    expect(recorder.events).toEqual([]);
    socket.message('end');
    expect(recorder.events).toEqual(['end', 'close']);
    expect(recorder.closeError).toBe(undefined);
    expect(socket.closes).toEqual([[1000, '']]);
  });
});

describe('what is buffered in the WebSocket', () => {
  it('counts, and drains once it has left, which is looked for', async () => {
    const { socket, transport, recorder } = await accepted();
    socket.message('credit 1000000');
    socket.bufferedAmount = 70_000;
    expect(transport.write([new Uint8Array(10)])).toBe(false);
    expect(transport.bufferedBytes).toBe(70_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(recorder.events).toEqual([]);
    socket.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(64);
    expect(recorder.events).toEqual(['drain']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(recorder.events).toEqual(['drain']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts as nothing where the runtime does not say, as in Cloudflare Workers', async () => {
    const { socket, transport } = await accepted();
    Object.assign(socket, { bufferedAmount: undefined });
    socket.sent.length = 0;
    socket.message('credit 3');
    expect(transport.write([Uint8Array.of(1, 2, 3, 4)])).toBe(true);
    expect(socket.sent).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(transport.bufferedBytes).toBe(1);
  });

  it('holds back the rest above 1 MiB', async () => {
    const { socket, transport } = await accepted('');
    socket.bufferedAmount = 1024 * 1024;
    transport.write([new Uint8Array(10)]);
    expect(socket.sent).toEqual([]);
    socket.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(64);
    expect(socket.sent).toEqual([new Uint8Array(10)]);
  });

  it('is not looked at any more after close()', async () => {
    const { socket, transport } = await accepted('');
    socket.bufferedAmount = 70_000;
    transport.write([new Uint8Array(10)]);
    transport.close();
    expect(transport.bufferedBytes).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a peer that breaks the rules', () => {
  it.each<[string, (socket: FakeWebSocket) => void]>([
    ['more bytes than were allowed', (socket) => socket.message(new Uint8Array(relayWindowBytes + 1))],
    ['an unknown text message', (socket) => socket.message('credit -1')],
    ['a second end', (socket) => socket.message('end')],
    ['bytes after the end', (socket) => socket.message(Uint8Array.of(1))],
    ['too much credit', (socket) => socket.message('credit 2147483647')],
    ['a message that is neither text nor bytes', (socket) => socket.emit('message', { data: new Blob(['x']) })],
  ])('is cut off for %s', async (what, doIt) => {
    const scene = await accepted();
    if (/end/.test(what)) scene.socket.message('end');
    if (/credit/.test(what)) scene.socket.message('credit 1');
    doIt(scene.socket);
    await broken(scene, `the peer sent ${what}, against the subprotocol puka-relay.v1`);
    expect(scene.socket.closes).toEqual([[4000, what]]);
    expect(scene.socket.count('message')).toBe(0);
  });

  it('is cut off for text where no subprotocol was agreed on', async () => {
    const scene = await accepted('');
    scene.socket.message('credit 1');
    await broken(scene, 'the peer sent a text message, against AMQP over WebSocket');
  });

  it('is not believed to have ended when it closes without saying so', async () => {
    const scene = await accepted();
    scene.socket.emit('close', { code: 1000, reason: '' });
    await broken(scene, 'the peer closed the WebSocket (close code 1000)');
  });
});

describe('without flow control', () => {
  it('takes a close as the end of both directions', async () => {
    const { socket, recorder } = await accepted('');
    socket.message(Uint8Array.of(1));
    socket.emit('close', { code: 1000, reason: '' });
    expect(recorder.events).toEqual(['data', 'end', 'close']);
    expect(recorder.closeError).toBe(undefined);
  });

  it('takes a close with something unsent as a break', async () => {
    const scene = await accepted('');
    scene.socket.bufferedAmount = 1;
    scene.socket.emit('close', { code: 1000, reason: '' });
    await broken(scene, 'close code 1000');
  });

  it('closes at end(), after what was written', async () => {
    const { socket, transport } = await accepted('');
    transport.write([Uint8Array.of(1)]);
    transport.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.sent).toEqual([Uint8Array.of(1)]);
    expect(socket.closes).toEqual([[1000, undefined]]);
  });

  it('holds no more than it may while paused', async () => {
    const { WebSocket, made } = fakeWebSockets();
    const recorder = new Recorder();
    const connector = webSocketConnector({ WebSocket, flowControl: false, maxHeldBytes: 10 });
    const connected = connector.connect({ host: 'relay', port: 80 }, recorder);
    const socket = made[0] ?? new FakeWebSocket();
    socket.open('');
    const transport = await connected;
    await vi.advanceTimersByTimeAsync(0);
    transport.pause();
    socket.message(new Uint8Array(10));
    expect(recorder.events).toEqual([]);
    socket.message(new Uint8Array(1));
    await broken({ socket, transport, recorder }, 'more than 10 bytes came while reading was paused');
  });

  it('pauses a WebSocket that can be paused', async () => {
    const calls: string[] = [];
    const socket = Object.assign(new FakeWebSocket(), {
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
    });
    const transport = acceptWebSocket(socket, { handlers: new Recorder(), host: 'client', port: 1 });
    transport.pause();
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toEqual(['pause']);
    transport.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toEqual(['pause', 'resume']);
  });
});
