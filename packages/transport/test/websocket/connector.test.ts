import { type ConnectionBroken, UsageError } from '@puka/errors';
import { Recorder } from '@puka/testkit/transport-contract';
import type { ConnectOptions, Transport } from '@puka/transport';
import { type WebSocketConnectorOptions, webSocketConnector } from '@puka/transport/websocket';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type FakeWebSocket, fakeWebSockets } from './fake-web-socket.ts';

interface Attempt {
  readonly socket: FakeWebSocket;
  readonly connected: Promise<Transport>;
  readonly recorder: Recorder;
}

function attempt(options: WebSocketConnectorOptions = {}, to: Partial<ConnectOptions> = {}): Attempt {
  const { WebSocket, made } = fakeWebSockets();
  const recorder = new Recorder();
  const connected = webSocketConnector({ WebSocket, ...options }).connect({ host: 'relay', port: 80, ...to }, recorder);
  // The test looks at it later.
  connected.catch(() => undefined);
  const [socket] = made;
  if (socket === undefined) throw new Error('no WebSocket was made');
  return { socket, connected, recorder };
}

const broken = (text: string): ConnectionBroken =>
  expect.objectContaining({ name: 'ConnectionBroken', outcome: 'not-sent', message: expect.stringContaining(text) });

describe('the URL', () => {
  it.each<[Partial<ConnectOptions>, WebSocketConnectorOptions, string]>([
    [{}, {}, 'ws://relay:80/'],
    [{ tls: {} }, {}, 'wss://relay:80/'],
    [{ host: '::1', tls: { ca: undefined } }, { path: '/amqp?token=a' }, 'wss://[::1]:80/amqp?token=a'],
  ])('is made of %j and %j', (to, options, url) => {
    expect(attempt(options, to).socket.url).toBe(url);
  });
});

describe('with flow control', () => {
  it('offers the subprotocol, and is connected at the first credit', async () => {
    const { socket, connected } = attempt();
    expect(socket.protocols).toEqual(['puka-relay.v1']);
    expect(socket.binaryType).toBe('arraybuffer');
    socket.open();
    socket.message('credit 3');
    const transport = await connected;
    expect(transport.socket).toBe(socket);
    transport.write([Uint8Array.of(1, 2, 3, 4)]);
    expect(socket.sent).toEqual([Uint8Array.of(1, 2, 3)]);
    transport.close();
  });

  it('rejects where the server did not choose it', async () => {
    const { socket, connected } = attempt();
    socket.open('');
    await expect(connected).rejects.toEqual(broken('the server is not a puka relay'));
    expect(socket.closes).toEqual([[1000, undefined]]);
  });

  it.each(['end', 'hello', Uint8Array.of(65)])('rejects where the first message is %j', async (message) => {
    const { socket, connected, recorder } = attempt();
    socket.open();
    socket.message(message);
    await expect(connected).rejects.toEqual(broken('its first message is no credit'));
    expect(recorder.events).toEqual([]);
  });
});

describe('without flow control', () => {
  it('offers no subprotocol, and is connected when the WebSocket is open', async () => {
    const { socket, connected } = attempt({ flowControl: false });
    expect(socket.protocols).toBe(undefined);
    socket.open('');
    const transport = await connected;
    transport.write([Uint8Array.of(1)]);
    expect(socket.sent).toEqual([Uint8Array.of(1)]);
    transport.close();
  });
});

describe('a WebSocket that does not open', () => {
  it('rejects with the error of the runtime', async () => {
    const { socket, connected } = attempt();
    const cause = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
    socket.emit('error', { error: cause });
    socket.emit('close', { code: 1006, reason: '' });
    await expect(connected).rejects.toEqual(broken('ECONNREFUSED'));
    await expect(connected).rejects.toMatchObject({ cause });
  });

  it('is closed when the attempt is aborted', async () => {
    const controller = new AbortController();
    const { socket, connected } = attempt({}, { signal: controller.signal });
    controller.abort('given up');
    await expect(connected).rejects.toBe('given up');
    expect(socket.closes.length).toBe(1);
    expect(socket.count('error')).toBe(1); // `ws` emits an error for it
    expect(socket.count('open') + socket.count('message') + socket.count('close')).toBe(0);
  });

  it('cannot be made of what the runtime refuses', async () => {
    class Refusing {
      constructor() {
        throw new Error('insecure');
      }
    }
    const WebSocket = Refusing as unknown as NonNullable<WebSocketConnectorOptions['WebSocket']>;
    const connected = webSocketConnector({ WebSocket }).connect({ host: 'relay', port: 80 }, new Recorder());
    await expect(connected).rejects.toThrow(/cannot be made: insecure; a page that came by https:/);
    await expect(connected).rejects.toBeInstanceOf(UsageError);
  });
});

describe('options', () => {
  it.each<[object, string]>([
    [{ paths: '/' }, 'it takes path, flowControl, WebSocket, maxHeldBytes'],
    [{ flowcontrol: true }, 'it is spelled flowControl'],
    [{ path: 'amqp' }, 'path begins with a slash'],
    [{ path: '/#a' }, 'has no fragment'],
    [{ flowControl: 1 }, 'flowControl is true or false'],
    [{ WebSocket: {} }, 'WebSocket is a class'],
    [{ maxHeldBytes: 0 }, 'at least 1'],
  ])('refuses %j', (options, text) => {
    expect(() => webSocketConnector(options)).toThrow(UsageError);
    expect(() => webSocketConnector(options)).toThrow(text);
  });

  it.each<[Partial<ConnectOptions>, string]>([
    [{ tls: { ca: 'x' } }, 'tls.ca has no effect on a WebSocket'],
    [{ port: 0 }, 'a port is a whole number'],
  ])('refuses to connect with %j', async (to, text) => {
    const { WebSocket, made } = fakeWebSockets();
    const connected = webSocketConnector({ WebSocket }).connect({ host: 'relay', port: 80, ...to }, new Recorder());
    await expect(connected).rejects.toThrow(text);
    await expect(connected).rejects.toBeInstanceOf(UsageError);
    expect(made).toEqual([]);
  });

  it('takes the WebSocket of Node', () => {
    expectTypeOf<typeof WebSocket>().toExtend<NonNullable<WebSocketConnectorOptions['WebSocket']>>();
  });
});
