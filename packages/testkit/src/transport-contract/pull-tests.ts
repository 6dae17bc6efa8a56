/** Part of the contract suite: pull mode, in which nothing moves but by read(). */
import type { Transport } from '@puka/transport';
import { concatenated, firstDifference, patternBytes } from './byte-patterns.ts';
import type { ContractHarness, TestApi } from './harness.ts';
import { connected, fillFromPeer, roundTrips } from './scene.ts';

const mebibyte = 1024 * 1024;

export function definePullTests({ describe, it, expect }: TestApi, harness: ContractHarness): void {
  describe('pull mode', () => {
    it('returns bytes after onReadable, then undefined, and never calls onData', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      const { transport, recorder, peer } = scene;
      expect(transport.read()).toBe(undefined);
      peer.write(patternBytes(10));
      await recorder.untilSeen('readable');
      expect(firstDifference(concatenated(readAll(transport)), patternBytes(10))).toBe(-1);
      peer.write(patternBytes(10));
      await recorder.untilSeen('readable', 2);
      expect(firstDifference(concatenated(readAll(transport)), patternBytes(10))).toBe(-1);
      expect(recorder.events).toEqual(['readable', 'readable']);
    });

    it('returns 10 MiB in order, and never writes again into what it returned', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      const { transport, recorder, peer } = scene;
      const bytes = patternBytes(10 * mebibyte);
      const chunks: Uint8Array[] = [];
      let byteCount = 0;
      recorder.during = () => {
        for (const chunk of readAll(transport)) {
          chunks.push(chunk);
          byteCount += chunk.length;
        }
      };
      peer.write(bytes);
      await recorder.until(() => byteCount === bytes.length);
      expect(firstDifference(concatenated(chunks), bytes)).toBe(-1);
      expect(chunks.every((chunk) => chunk.length > 0 && Object.getPrototypeOf(chunk) === Uint8Array.prototype)).toBe(
        true,
      );
    });

    it('applies back-pressure to the peer while nothing is read', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      await fillFromPeer(scene);
      expect(scene.recorder.events).toEqual(['readable']);
    });

    it('calls onEnd inside the read() that finds nothing left', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      const { transport, recorder, peer } = scene;
      peer.write(patternBytes(10));
      await recorder.untilSeen('readable');
      peer.end();
      await roundTrips(scene);
      expect(recorder.events).toEqual(['readable']);
      expect(readAll(transport).length).toBe(1);
      expect(recorder.events).toEqual(['readable', 'end']);
      expect(transport.read()).toBe(undefined);
      expect(recorder.events).toEqual(['readable', 'end']);
    });

    it('announces the end by onReadable when there is nothing before it', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      const { transport, recorder, peer } = scene;
      peer.end();
      await recorder.untilSeen('readable');
      expect(transport.read()).toBe(undefined);
      expect(recorder.events).toEqual(['readable', 'end']);
    });

    it('waits with an orderly onClose until all is read', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      const { transport, recorder, peer } = scene;
      peer.write(patternBytes(10));
      peer.end();
      await recorder.untilSeen('readable');
      transport.end();
      await peer.ended();
      await peer.closed();
      expect(recorder.events).toEqual(['readable']);
      expect(concatenated(readAll(transport)).length).toBe(10);
      await recorder.untilSeen('close');
      expect(recorder.events).toEqual(['readable', 'end', 'close']);
    });

    it('still returns what had arrived when the connection broke', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      const { transport, recorder, peer } = scene;
      peer.write(patternBytes(10));
      await recorder.untilSeen('readable');
      peer.reset();
      await recorder.untilSeen('close');
      expect(concatenated(readAll(transport)).length).toBe(10);
      expect(recorder.events).toEqual(['readable', 'close']);
    });

    it('returns nothing after close()', async () => {
      await using scene = await connected(harness, { mode: 'pull' });
      scene.peer.write(patternBytes(10));
      await scene.recorder.untilSeen('readable');
      scene.transport.close();
      expect(scene.transport.read()).toBe(undefined);
      await scene.recorder.untilSeen('close');
      expect(scene.recorder.events).toEqual(['readable', 'close']);
    });

    it('refuses read() in push mode', async () => {
      await using scene = await connected(harness);
      expect(nameOfThrown(() => scene.transport.read())).toBe('UsageError');
    });
  });
}

function readAll(transport: Transport): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let bytes = transport.read(); bytes !== undefined; bytes = transport.read()) chunks.push(bytes);
  return chunks;
}

function nameOfThrown(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
