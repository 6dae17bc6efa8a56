/** What a relay allows and what it does not, over real sockets. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ConnectionBroken } from '@puka/client';
import { refusedPort, VirtualClock, waitFor } from '@puka/testkit';
import { Recorder } from '@puka/testkit/transport-contract';
import type { Transport } from '@puka/transport';
import { relayWindowBytes, webSocketConnector } from '@puka/transport/websocket';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { defaultLimits } from '../../src/relay/limits.ts';
import type { Relay, RelayOptions } from '../../src/relay/relay.ts';
import { frame, type RawWebSocket, rawConnection, upgradeRequest } from './raw-web-socket.ts';
import { startTestRelay } from './relay-harness.ts';

const mebibyte = 1024 * 1024;
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface TestBroker {
  readonly host: string;
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
}

/** A TCP server in the place of the broker. */
async function startBroker(onSocket: (socket: Socket) => void): Promise<TestBroker> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 2000 }, resolve));
  cleanUps.push(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, sockets };
}

const echo = (socket: Socket): void => void socket.pipe(socket);
const deaf = (socket: Socket): void => void socket.pause();

interface RelayScene {
  readonly relay: Relay;
  readonly broker: TestBroker;
}

type SceneOptions = Partial<Omit<RelayOptions, 'limits'>> & { readonly limits?: Partial<RelayOptions['limits']> };

async function relayBefore(onSocket: (socket: Socket) => void, options: SceneOptions = {}): Promise<RelayScene> {
  const broker = await startBroker(onSocket);
  const relay = await startTestRelay(broker, options);
  cleanUps.push(() => relay.stop());
  return { relay, broker };
}

interface Client {
  readonly transport: Transport;
  readonly recorder: Recorder;
}

async function connectTo({ relay }: RelayScene): Promise<Client> {
  const recorder = new Recorder();
  const connector = webSocketConnector({ WebSocket });
  const transport = await connector.connect({ host: '127.0.0.1', port: relay.port }, recorder);
  return { transport, recorder };
}

function raw({ relay }: RelayScene, text: string | Uint8Array): RawWebSocket {
  const client = rawConnection(relay.port, text);
  cleanUps.push(async () => void client.socket.destroy());
  return client;
}

async function rawWebSocket(scene: RelayScene, protocol?: string): Promise<RawWebSocket> {
  const client = raw(scene, upgradeRequest(protocol));
  await waitFor(() => client.received().startsWith('HTTP/1.1 101 '));
  return client;
}

/** Has the clock run until something has happened. */
async function whileTimePasses(clock: VirtualClock, ms: number, happened: () => boolean): Promise<void> {
  await waitFor(() => {
    clock.advance(ms);
    return happened();
  });
}

describe('as many connections as are allowed', () => {
  test('are carried at the same time, the next is refused, and none is left', async () => {
    // A thousand, which are allowed by default, take a loaded machine half a minute.
    const count = 100;
    const scene = await relayBefore(echo, { limits: { maxConnections: count } });
    const clients = await Promise.all(Array.from({ length: count }, () => connectTo(scene)));
    expect(scene.relay.counts()).toMatchObject({ open: count, mostOpen: count, accepted: count });
    await expect(connectTo(scene)).rejects.toThrow(/503/);
    for (const { transport } of clients) transport.write([new Uint8Array(2000)]);
    await Promise.all(clients.map(({ recorder }) => recorder.untilReceived(2000)));
    for (const { transport } of clients) transport.end();
    await Promise.all(clients.map(({ recorder }) => recorder.untilSeen('close')));
    expect(clients.every(({ recorder }) => recorder.closeError === undefined)).toBe(true);
    await waitFor(() => scene.relay.counts().open === 0 && scene.broker.sockets.size === 0);
    expect(scene.relay.counts()).toMatchObject({
      ...{ bytesUp: count * 2000, bytesDown: count * 2000, bufferedBytes: 0 },
      ends: { done: count, tooManyConnections: 1 },
    });
  });
});

test('memory is bounded while neither the broker nor the clients read, and idle connections are ended', async () => {
  const count = 6;
  const clock = new VirtualClock();
  // More than the system buffers on the way.
  const chunk = Buffer.alloc(32 * mebibyte);
  const isDeaf = (socket: Socket): void => {
    socket.pause();
    socket.write(chunk);
  };
  const scene = await relayBefore(isDeaf, { timers: clock });
  const clients = await Promise.all(
    Array.from({ length: count }, (_, index) => rawWebSocket(scene, index % 2 === 0 ? undefined : 'puka-relay.v1')),
  );
  const message = frame(2, new Uint8Array(60_000));
  for (const { socket } of clients) {
    socket.pause();
    for (let sent = 0; sent < chunk.length; sent += message.length) socket.write(message);
  }
  let before = '';
  const isStill = (): boolean => {
    const now = JSON.stringify(scene.relay.counts());
    const hasStopped = now === before && scene.relay.counts().bytesUp > 0;
    before = now;
    return hasStopped;
  };
  await waitFor(isStill, { intervalMs: 200 });
  const { bufferedBytes, bytesDown } = scene.relay.counts();
  expect(bytesDown).toBeLessThan(count * chunk.length);
  expect(bufferedBytes).toBeLessThan(count * (relayWindowBytes + defaultLimits.maxMessageBytes));
  for (const { socket } of clients) socket.resetAndDestroy();
  await whileTimePasses(clock, defaultLimits.idleTimeoutMs, () => scene.relay.counts().open === 0);
});

describe('hostile input', () => {
  test.each<[string, string, string]>([
    ['what is no HTTP', 'AMQP\0\0\x09\x01', 'HTTP/1.1 400 '],
    ['a request that is no WebSocket', 'GET / HTTP/1.1\r\nHost: relay\r\n\r\n', 'HTTP/1.1 426 '],
    ['a WebSocket of an old version', upgradeRequest().replace('Version: 13', 'Version: 7'), 'HTTP/1.1 400 '],
    ['another path', upgradeRequest().replace('GET /', 'GET /other'), 'HTTP/1.1 404 '],
    ['a header without an end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, 'HTTP/1.1 4'],
  ])('%s is refused, and the connection is closed', async (_what, text, answer) => {
    const scene = await relayBefore(echo);
    const client = raw(scene, text);
    await client.closed;
    expect(client.received().slice(0, answer.length)).toBe(answer);
    expect(scene.relay.counts().accepted).toBe(0);
    expect(scene.broker.sockets.size).toBe(0);
  });

  test('a request that never ends is given up', async () => {
    const scene = await relayBefore(echo, { limits: { handshakeTimeoutMs: 50 } });
    const client = raw(scene, 'GET / HTTP/1.1\r\nHost: relay\r\n');
    await client.closed;
    expect(client.received()).toMatch(/^HTTP\/1\.1 4/);
  });

  const tooLong = defaultLimits.maxMessageBytes + 1;
  test.each<[string, string | undefined, Uint8Array]>([
    ['a frame without a mask', undefined, frame(2, Uint8Array.of(1), { masked: false })],
    ['a frame of an unknown kind', undefined, frame(3, Uint8Array.of(1))],
    ['a frame that continues nothing', undefined, frame(0, Uint8Array.of(1))],
    ['a message that is too long', undefined, frame(2, new Uint8Array(tooLong))],
    ['the head of a message of 8 EiB', undefined, Uint8Array.of(0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255)],
    ['a ping that is too long', undefined, frame(9, new Uint8Array(126))],
    ['text', undefined, frame(1, Buffer.from('hello'))],
    ['text that is not UTF-8', 'puka-relay.v1', frame(1, Uint8Array.of(0xff))],
    ['an unknown control message', 'puka-relay.v1', frame(1, Buffer.from('credit -1'))],
    ['bytes after the end', 'puka-relay.v1', Buffer.concat([frame(1, Buffer.from('end')), frame(2, Buffer.from('x'))])],
    [
      'fragments without end',
      undefined,
      Buffer.concat([
        frame(2, Buffer.from('x'), { fin: false }),
        ...Array(20_000).fill(frame(0, new Uint8Array(), { fin: false })),
      ]),
    ],
  ])('%s ends the connection, at both sides', async (_what, protocol, bytes) => {
    const scene = await relayBefore(echo);
    const client = await rawWebSocket(scene, protocol);
    client.socket.write(bytes);
    // The relay waits for the answer to its close, but not for long.
    client.socket.end();
    await client.closed;
    await waitFor(() => scene.relay.counts().open === 0 && scene.broker.sockets.size === 0);
    expect(scene.relay.counts().ends).toEqual({ clientLost: 1 });
  });

  test('pings without end are not all answered if the replies of the relay are not read', async () => {
    const scene = await relayBefore(deaf);
    const client = await rawWebSocket(scene);
    client.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(9, new Uint8Array(125))));
    for (let round = 0; round < 200; round++) {
      await new Promise<void>((resolve) => client.socket.write(pings, () => resolve()));
    }
    expect(scene.relay.counts().bufferedBytes).toBeLessThan(mebibyte);
  });

  test('random bytes on 200 connections end them, and the relay goes on', async () => {
    const scene = await relayBefore(echo);
    const seed = Date.now();
    let state = seed % 2_147_483_647;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state;
    };
    const clients = await Promise.all(Array.from({ length: 200 }, () => rawWebSocket(scene, 'puka-relay.v1')));
    for (const { socket } of clients) socket.end(Uint8Array.from({ length: 1 + (random() % 5000) }, random));
    await Promise.all(clients.map(({ closed }) => closed));
    await waitFor(() => scene.relay.counts().open === 0 && scene.broker.sockets.size === 0, {
      description: `seed ${seed}`,
    });
    const { transport, recorder } = await connectTo(scene);
    transport.write([Uint8Array.of(1)]);
    await recorder.untilReceived(1);
    transport.close();
  });
});

describe('time', () => {
  test('a client that sends nothing is cut off', async () => {
    const clock = new VirtualClock();
    const scene = await relayBefore(echo, { timers: clock });
    const { recorder } = await connectTo(scene);
    clock.advance(defaultLimits.handshakeTimeoutMs - 1);
    expect(scene.relay.counts().ends).toEqual({});
    clock.advance(1);
    await recorder.untilSeen('close');
    expect(recorder.closeError?.message).toContain('was not made in time (close code 4004)');
    expect(scene.relay.counts().ends).toEqual({ handshakeTimeout: 1 });
  });

  test('a broker that answers nothing is given up', async () => {
    const clock = new VirtualClock();
    const scene = await relayBefore(() => undefined, { timers: clock });
    const { transport, recorder } = await connectTo(scene);
    transport.write([Uint8Array.of(1)]);
    await whileTimePasses(clock, defaultLimits.handshakeTimeoutMs, () => recorder.count('close') === 1);
    expect(scene.relay.counts().ends).toEqual({ handshakeTimeout: 1 });
  });

  test('a connection on which nothing is sent any more is closed, and one in use is not', async () => {
    const clock = new VirtualClock();
    const scene = await relayBefore(echo, { timers: clock });
    const { transport, recorder } = await connectTo(scene);
    const { idleTimeoutMs } = defaultLimits;
    for (let round = 1; round <= 5; round++) {
      transport.write([Uint8Array.of(round)]);
      await recorder.untilReceived(round);
      clock.advance(idleTimeoutMs - 1);
    }
    expect(scene.relay.counts().ends).toEqual({});
    clock.advance(idleTimeoutMs);
    await recorder.untilSeen('close');
    expect(recorder.closeError?.message).toContain('close code 4003');
    expect(scene.relay.counts().ends).toEqual({ idle: 1 });
  });
});

describe('the broker', () => {
  test('that cannot be reached is named to the client by its error code', async () => {
    const relay = await startTestRelay({ host: '127.0.0.1', port: await refusedPort() });
    cleanUps.push(() => relay.stop());
    const error: unknown = await connectTo({ relay } as RelayScene).catch((reason: unknown) => reason);
    expect((error as ConnectionBroken).message).toContain('close code 4001: ECONNREFUSED');
    expect(relay.counts().ends).toEqual({ brokerUnreachable: 1 });
  });

  test('gets what a client without the subprotocol sent before its close', async () => {
    let received = 0;
    const scene = await relayBefore((socket) => {
      socket.on('data', (bytes) => {
        received += bytes.length;
      });
      socket.on('end', () => socket.end());
    });
    const socket = new WebSocket(scene.relay.url);
    // Before the relay can have reached the broker.
    socket.on('open', () => {
      socket.send(new Uint8Array(100_000));
      socket.close(1000);
    });
    await waitFor(() => scene.relay.counts().ends.done === 1);
    expect(received).toBe(100_000);
  });
});

describe('stop()', () => {
  test('closes what is open with a reason, and takes nothing new', async () => {
    const scene = await relayBefore(echo);
    const clients = await Promise.all([connectTo(scene), connectTo(scene)]);
    const stopped = scene.relay.stop();
    await Promise.all(clients.map(({ recorder }) => recorder.untilSeen('close')));
    for (const { recorder } of clients) expect(recorder.closeError?.message).toContain('the relay is shutting down');
    await stopped;
    await expect(connectTo(scene)).rejects.toThrow(/ECONNREFUSED/);
    await waitFor(() => scene.broker.sockets.size === 0);
    expect(scene.relay.counts()).toMatchObject({ open: 0, ends: { stopped: 2 } });
  });
});
