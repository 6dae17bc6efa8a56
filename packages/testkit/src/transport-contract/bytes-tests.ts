/** Part of the contract suite: the bytes arrive, in order, whole, and belong to whoever got them. */
import { concatenated, cutAtRandom, firstDifference, patternBytes, seededRandom } from './byte-patterns.ts';
import type { ContractHarness, TestApi } from './harness.ts';
import { connected } from './scene.ts';

const mebibyte = 1024 * 1024;

export function defineBytesTests({ describe, it, expect }: TestApi, harness: ContractHarness): void {
  describe('bytes', () => {
    it('sends chunks of any length in order, empty ones and single bytes among them', async () => {
      await using scene = await connected(harness);
      const seed = Date.now();
      const random = seededRandom(seed);
      const bytes = patternBytes(2 * mebibyte);
      const pieces = cutAtRandom(bytes, random);
      while (pieces.length > 0) {
        const isAllowed = scene.transport.write(pieces.splice(0, Math.ceil(random() * 8)));
        const seenDrains = scene.recorder.count('drain');
        if (!isAllowed) await scene.recorder.untilSeen('drain', seenDrains + 1);
      }
      expect(`seed ${seed}: ${firstDifference(await scene.peer.receive(bytes.length), bytes)}`).toBe(
        `seed ${seed}: -1`,
      );
    });

    it('sends a thousand writes of one byte', async () => {
      await using scene = await connected(harness);
      const bytes = patternBytes(1000);
      for (let i = 0; i < bytes.length; i++) scene.transport.write([bytes.subarray(i, i + 1)]);
      expect(firstDifference(await scene.peer.receive(bytes.length), bytes)).toBe(-1);
    });

    it('sends 10 MiB given in one call', async () => {
      await using scene = await connected(harness);
      const bytes = patternBytes(10 * mebibyte);
      scene.transport.write([bytes.subarray(0, 7), bytes.subarray(7)]);
      expect(firstDifference(await scene.peer.receive(bytes.length), bytes)).toBe(-1);
    });

    it('does not keep the array of chunks', async () => {
      await using scene = await connected(harness);
      const chunks = [patternBytes(10), patternBytes(10, 10)];
      scene.transport.write(chunks);
      chunks.length = 0;
      expect(firstDifference(await scene.peer.receive(20), patternBytes(20))).toBe(-1);
    });

    it('has sent what was lent once nothing is buffered', async () => {
      await using scene = await connected(harness);
      const bytes = patternBytes(4 * mebibyte);
      const isAllowed = scene.transport.write([bytes]);
      if (!isAllowed) await scene.recorder.untilSeen('drain');
      expect(scene.transport.bufferedBytes).toBe(0);
      bytes.fill(0);
      expect(firstDifference(await scene.peer.receive(bytes.length), patternBytes(bytes.length))).toBe(-1);
    });

    it('hands 10 MiB over in order, as plain arrays of bytes that are never empty', async () => {
      await using scene = await connected(harness);
      const bytes = patternBytes(10 * mebibyte);
      scene.peer.write(bytes);
      await scene.recorder.untilReceived(bytes.length);
      const { chunks } = scene.recorder;
      expect(firstDifference(concatenated(chunks), bytes)).toBe(-1);
      expect(chunks.every((chunk) => chunk.length > 0 && Object.getPrototypeOf(chunk) === Uint8Array.prototype)).toBe(
        true,
      );
    });

    it('never writes again into bytes it has handed over', async () => {
      await using scene = await connected(harness);
      const copies: Uint8Array[] = [];
      scene.recorder.during = (event) => {
        const last = scene.recorder.chunks.at(-1);
        if (event === 'data' && last !== undefined) copies.push(last.slice());
      };
      const random = seededRandom(7);
      const bytes = patternBytes(3 * mebibyte);
      for (const piece of cutAtRandom(bytes, random)) scene.peer.write(piece);
      await scene.recorder.untilReceived(bytes.length);
      expect(
        scene.recorder.chunks.findIndex((chunk, i) => firstDifference(chunk, copies[i] ?? new Uint8Array()) !== -1),
      ).toBe(-1);
    });

    it('carries both directions at once, written from inside the handlers', async () => {
      await using scene = await connected(harness);
      const { transport, recorder, peer } = scene;
      recorder.during = (event) => {
        const last = recorder.chunks.at(-1);
        if (event === 'data' && last !== undefined) transport.write([last]);
      };
      const bytes = patternBytes(2 * mebibyte);
      peer.write(bytes);
      expect(firstDifference(await peer.receive(bytes.length), bytes)).toBe(-1);
    });
  });
}
