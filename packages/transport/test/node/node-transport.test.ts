import { Socket } from 'node:net';
import type { ContractPeer } from '@puka/testkit/transport-contract';
import { makeCertificates, patternBytes, Recorder, socketHarness } from '@puka/testkit/transport-contract';
import type { ConnectOptions, Transport } from '@puka/transport';
import { nodeConnector } from '@puka/transport/node';
import { describe, expect, it, vi } from 'vitest';

const certificates = makeCertificates();

for (const isSecure of [false, true]) {
  const harness = socketHarness({ name: '', connector: nodeConnector, certificates, isSecure });

  const connect = async (options: Partial<ConnectOptions> = {}): Promise<NodeScene> => {
    const server = await harness.startServer();
    const recorder = new Recorder();
    const transport = await nodeConnector.connect({ ...server.address, ...options }, recorder);
    const peer = await server.nextPeer();
    const { socket } = transport;
    if (!(socket instanceof Socket)) throw new Error('no socket');
    const leave = async (): Promise<void> => {
      transport.close();
      await recorder.untilSeen('close');
      await server.stop();
    };
    return { transport, recorder, peer, socket, [Symbol.asyncDispose]: leave };
  };

  describe(`NodeTransport over ${isSecure ? 'TLS' : 'TCP'}`, () => {
    it('hands successive reads over side by side in one buffer', async () => {
      await using scene = await connect();
      for (let i = 1; i <= 10; i++) {
        scene.peer.write(patternBytes(100));
        await scene.recorder.untilReceived(i * 100);
      }
      const { chunks } = scene.recorder;
      const isBehind = (chunk: Uint8Array, i: number): boolean => {
        const before = chunks[i - 1];
        return (
          before === undefined ||
          (chunk.buffer === before.buffer && chunk.byteOffset === before.byteOffset + before.length)
        );
      };
      // All connections of the process share the block, which may be full in between.
      expect(chunks.filter((chunk, i) => !isBehind(chunk, i)).length).toBeLessThan(2);
    });

    it('grows what it reads into while the peer sends much', async () => {
      await using scene = await connect();
      scene.peer.write(patternBytes(8 * 1024 * 1024));
      await scene.recorder.untilReceived(8 * 1024 * 1024);
      // The first read goes into the block that all connections share.
      const [, ...buffers] = new Set(scene.recorder.chunks.map((chunk) => chunk.buffer));
      const lasts = buffers.map((buffer) => scene.recorder.chunks.findLast((chunk) => chunk.buffer === buffer));
      // How much the system hands over at once decides whether a block is filled to the brim.
      const expected = lasts.map((last) => {
        const size = last?.buffer.byteLength ?? 0;
        return last?.byteOffset === size - (last?.length ?? 0) ? Math.min(2 * size, 128 * 1024) : size;
      });
      expect(buffers.map((buffer) => buffer.byteLength)).toEqual([16 * 1024, ...expected.slice(0, -1)]);
    });

    it('sends several chunks by one call to the system', async () => {
      await using scene = await connect();
      const writev = vi.spyOn(scene.socket, '_writev' as never);
      scene.transport.write([patternBytes(10), patternBytes(0), patternBytes(20), patternBytes(30)]);
      await scene.peer.receive(60);
      expect(writev).toHaveBeenCalledTimes(1);
    });

    if (isSecure) {
      it('gives Node some of a large write at a time to encrypt, all in order', async () => {
        await using scene = await connect();
        const { transport, socket, peer } = scene;
        const bytes = patternBytes(2_400_000);
        const chunks = Array.from({ length: 80 }, (_, index) => bytes.subarray(index * 30_000, (index + 1) * 30_000));
        expect(transport.write(chunks.slice(0, 60))).toBe(false);
        expect(transport.bufferedBytes - socket.writableLength).toBe(1_800_000 - 90_000);
        transport.write(chunks.slice(60));
        expect(Buffer.compare(await peer.receive(bytes.length), bytes)).toBe(0);
        await scene.recorder.untilSeen('drain');
        expect(transport.bufferedBytes).toBe(0);
        expect(transport.write(chunks.slice(0, 1))).toBe(true);
        expect(Buffer.compare(await peer.receive(30_000), bytes.subarray(0, 30_000))).toBe(0);
      });

      it('breaks if bytes were transferred while they waited, and sends nothing after them', async () => {
        await using scene = await connect();
        const { transport, peer, recorder } = scene;
        const bytes = patternBytes(80_000);
        const lost = new Uint8Array(20_000);
        // The first 70,000 are being encrypted; the others wait.
        transport.write([bytes.subarray(0, 70_000), lost, bytes.subarray(70_000, 80_000)]);
        structuredClone(lost, { transfer: [lost.buffer] });
        await recorder.untilSeen('close');
        expect(recorder.closeError?.message).toContain('transferred');
        expect(transport.bufferedBytes).toBe(0);
        expect(Buffer.compare(await peer.receive(70_000), bytes.subarray(0, 70_000))).toBe(0);
        await expect(peer.receive(1)).rejects.toThrow();
      });
    }

    it('shows the descriptor, until it is closed', async () => {
      await using scene = await connect();
      expect(scene.transport.fd).toSatisfy(
        (fd: unknown) => process.platform === 'win32' || (typeof fd === 'number' && fd > 2),
      );
      scene.transport.close();
      expect(scene.transport.fd).toBeUndefined();
    });

    it('lets no late error of the socket end the process', async () => {
      await using scene = await connect();
      scene.transport.close();
      await scene.recorder.untilSeen('close');
      expect(scene.socket.emit('error', new Error('late'))).toBe(true);
      expect(scene.recorder.events).toEqual(['close']);
    });

    it("in pull mode has its socket emit 'readable', and returns the bytes to a listener there", async () => {
      await using scene = await connect({ mode: 'pull' });
      const { transport, socket, peer } = scene;
      let byteCount = 0;
      const all = new Promise<void>((resolve) => {
        socket.on('readable', () => {
          for (let bytes = transport.read(); bytes !== undefined; bytes = transport.read()) byteCount += bytes.length;
          if (byteCount === 1_000_000) resolve();
        });
      });
      peer.write(patternBytes(1_000_000));
      await all;
      expect(byteCount).toBe(1_000_000);
    });

    it('reports an error of the socket once, by onClose', async () => {
      await using scene = await connect();
      const cause = new Error('cable cut');
      scene.socket.destroy(cause);
      await scene.recorder.untilSeen('close');
      expect(scene.recorder.closeError).toMatchObject({
        name: 'ConnectionBroken',
        cause,
        message: expect.stringMatching(/^connection to 127\.0\.0\.1:\d+ broke: cable cut$/),
      });
    });

    it('reports an end after an error as a broken connection', async () => {
      await using scene = await connect();
      const cause = new Error('alert of the peer');
      scene.socket.emit('error', cause);
      scene.peer.end();
      await scene.recorder.untilSeen('close');
      expect(scene.recorder.events).toEqual(['close']);
      expect(scene.recorder.closeError).toMatchObject({ cause });
    });
  });
}

interface NodeScene extends AsyncDisposable {
  readonly transport: Transport;
  readonly recorder: Recorder;
  readonly peer: ContractPeer;
  readonly socket: Socket;
}
