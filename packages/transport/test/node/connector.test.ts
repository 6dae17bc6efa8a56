import { Socket } from 'node:net';
import { collectGarbage } from '@puka/testkit';
import { makeCertificates, Recorder, socketHarness } from '@puka/testkit/transport-contract';
import { nodeConnector } from '@puka/transport/node';
import { afterEach, describe, expect, it, vi } from 'vitest';

const harness = socketHarness({
  name: '',
  connector: nodeConnector,
  certificates: makeCertificates(),
  isSecure: false,
});

afterEach(() => vi.restoreAllMocks());

describe('nodeConnector', () => {
  it('rejects a port out of range as the mistake of the caller', async () => {
    await expect(nodeConnector.connect({ host: '127.0.0.1', port: 65_536 }, new Recorder())).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('cannot connect to 127.0.0.1:65536: '),
    });
  });

  it('takes a host by its name', async () => {
    await using scene = await connect({ host: 'localhost' });
    expect(scene.transport.socket).toBeInstanceOf(Socket);
  });

  it('leaves no connect attempt behind when aborted while the name is looked up', async () => {
    const before = openSockets();
    const controller = new AbortController();
    const attempt = nodeConnector.connect({ host: 'localhost', port: 9, signal: controller.signal }, new Recorder());
    controller.abort('given up');
    await expect(attempt).rejects.toBe('given up');
    await turnOfTheLoop();
    expect(openSockets()).toBeLessThanOrEqual(before);
  });

  it('leaves no socket open behind closed transports', async () => {
    const before = openSockets();
    for (let i = 0; i < 10; i++) {
      await using scene = await connect({});
      expect(openSockets()).toBeGreaterThan(before);
      scene.transport.close();
    }
    await turnOfTheLoop();
    expect(openSockets()).toBeLessThanOrEqual(before);
  });

  it('turns Nagle off by default', async () => {
    const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    await using _on = await connect({});
    await using _off = await connect({ noDelay: false });
    expect(setNoDelay.mock.calls).toEqual([[true], [false]]);
  });

  it('turns keep-alive on when asked to', async () => {
    const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
    await using _off = await connect({});
    expect(setKeepAlive).not.toHaveBeenCalled();
    await using _on = await connect({ keepAliveMs: 30_000 });
    expect(setKeepAlive.mock.calls).toEqual([[true, 30_000]]);
  });

  it('reports whether a read has emptied the socket or filled its room', async () => {
    await using scene = await connect({});
    const { transport, recorder, peer } = scene;
    peer.write(new Uint8Array(100));
    await recorder.until(() => recorder.receivedBytes === 100);
    expect(recorder.lasts).toEqual([true]);
    transport.pause();
    peer.write(new Uint8Array(1_000_000));
    transport.resume();
    await recorder.until(() => recorder.receivedBytes === 1_000_100);
    expect(recorder.lasts).toContain(false);
  });

  it('reads into memory in which nothing of others is left', async () => {
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < 100; index++) Buffer.allocUnsafeSlow(16 * 1024).fill('secret');
      collectGarbage();
      await using scene = await connect({});
      scene.peer.write(Uint8Array.of(1));
      await scene.recorder.until(() => scene.recorder.receivedBytes === 1);
      const [read] = scene.recorder.chunks;
      expect(Buffer.from(read?.buffer ?? new ArrayBuffer(0)).includes('secret')).toBe(false);
    }
  });

  it('keeps the bytes of many sockets apart, which share memory while little comes', async () => {
    const server = await harness.startServer();
    const scenes = [];
    for (let number = 0; number < 8; number++) {
      const recorder = new Recorder();
      const transport = await nodeConnector.connect(server.address, recorder);
      scenes.push({ recorder, transport, peer: await server.nextPeer() });
    }
    const sizes = [1, 100, 2047, 2048, 5000, 100, 40_000, ...Array.from({ length: 40 }, () => 60), 3000, 300];
    let received = 0;
    for (const size of sizes) {
      received += size;
      for (const [number, { peer }] of scenes.entries()) peer.write(new Uint8Array(size).fill(number + 1));
      await Promise.all(scenes.map(({ recorder }) => recorder.untilReceived(received)));
    }
    for (const [number, { recorder, transport }] of scenes.entries()) {
      expect(recorder.chunks.every((chunk) => chunk.every((octet) => octet === number + 1))).toBe(true);
      transport.close();
      await recorder.untilSeen('close');
    }
    await server.stop();
  });

  it('keeps no listener of its own on a connected socket', async () => {
    await using scene = await connect({});
    const { socket } = scene.transport;
    if (!(socket instanceof Socket)) throw new Error('no socket');
    expect(['error', 'close', 'drain'].map((event) => socket.listenerCount(event))).toEqual([1, 1, 1]);
  });
});

async function connect(options: { host?: string; noDelay?: boolean; keepAliveMs?: number }) {
  const server = await harness.startServer();
  const recorder = new Recorder();
  const transport = await nodeConnector.connect({ ...server.address, ...options }, recorder);
  const leave = async (): Promise<void> => {
    transport.close();
    await recorder.untilSeen('close');
    await server.stop();
  };
  return { transport, recorder, peer: await server.nextPeer(), [Symbol.asyncDispose]: leave };
}

/** Node closes handles at the end of a turn. */
async function turnOfTheLoop(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}
