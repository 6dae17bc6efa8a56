/** Part of the contract suite: the bytes arrive, in order, whole, and belong to the receiver. */
import { concatenated, cutAtRandom, firstDifference, patternBytes, seededRandom } from './byte-patterns.ts';
import type { ContractHarness, TestApi } from './harness.ts';
import { connected, fillUp, rejection } from './scene.ts';

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

    it('has sent what was lent once it drains', async () => {
      await using scene = await connected(harness);
      const { transport, recorder, peer } = scene;
      peer.pause();
      const { chunks, byteCount } = fillUp(transport);
      peer.resume();
      await recorder.untilSeen('drain');
      expect(transport.bufferedBytes).toBe(0);
      for (const chunk of chunks) chunk.fill(0);
      expect(firstDifference(await peer.receive(byteCount), patternBytes(byteCount))).toBe(-1);
    });

    it('has sent what was lent once nothing is buffered', async () => {
      await using scene = await connected(harness);
      const { transport, recorder, peer } = scene;
      const bytes = patternBytes(60_000);
      // Less than the high-water mark is allowed whether or not the system has taken it, and then no drain follows.
      expect(transport.write([bytes])).toBe(true);
      for (let turns = 1; transport.bufferedBytes > 0; turns++) {
        peer.write(patternBytes(1));
        await recorder.untilReceived(turns);
      }
      bytes.fill(0);
      expect(firstDifference(await peer.receive(bytes.length), patternBytes(bytes.length))).toBe(-1);
      expect(recorder.count('drain')).toBe(0);
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

    it('receives the right bytes where each read is returned at once', async () => {
      await using scene = await connected(harness);
      const copies: Uint8Array[] = [];
      scene.recorder.during = (event) => {
        const last = scene.recorder.chunks.at(-1);
        if (event !== 'data' || last === undefined) return;
        copies.push(last.slice());
        scene.transport.reuse?.(last);
      };
      const random = seededRandom(8);
      const bytes = patternBytes(3 * mebibyte);
      for (const piece of cutAtRandom(bytes, random)) scene.peer.write(piece);
      await scene.recorder.untilReceived(bytes.length);
      expect(firstDifference(concatenated(copies), bytes)).toBe(-1);
    });

    if (harness.hasSocket) defineSharingTest({ describe, it, expect }, harness);

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

function defineSharingTest({ it, expect }: TestApi, harness: ContractHarness): void {
  for (const mode of ['push', 'pull'] as const) {
    it(`lets no code transfer away a buffer in which other reads lie, in ${mode} mode`, async () => {
      await using scene = await connected(harness, { mode });
      const { transport, recorder, peer } = scene;
      const nextRead = async (count: number): Promise<Uint8Array | undefined> => {
        peer.write(patternBytes(100));
        await recorder.untilSeen(mode === 'push' ? 'data' : 'readable', count);
        const bytes = mode === 'push' ? recorder.chunks.at(-1) : transport.read();
        if (mode === 'pull') expect(transport.read()).toBe(undefined);
        return bytes;
      };
      const first = await nextRead(1);
      const second = await nextRead(2);
      // It throws if the buffer is marked, Node 20 copies instead, and elsewhere each read has a buffer of its own.
      await rejection(Promise.resolve(first).then(transferred));
      const third = await nextRead(3);
      for (const bytes of [second, third])
        expect(firstDifference(bytes ?? new Uint8Array(), patternBytes(100))).toBe(-1);
    });
  }
}

/** What a worker gets that bytes are transferred to. */
function transferred(bytes: Uint8Array | undefined): unknown {
  return bytes?.buffer instanceof ArrayBuffer ? structuredClone(bytes, { transfer: [bytes.buffer] }) : undefined;
}
