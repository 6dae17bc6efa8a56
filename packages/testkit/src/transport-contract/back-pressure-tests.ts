/** Part of the contract suite: a writer that is too fast is held back, and nothing is lost by it. */
import { concatenated, firstDifference, patternBytes, seededRandom } from './byte-patterns.ts';
import type { ContractHarness, TestApi } from './harness.ts';
import { connected, fillFromPeer, fillUp, roundTrips } from './scene.ts';

const mebibyte = 1024 * 1024;

export function defineBackPressureTests(api: TestApi, harness: ContractHarness): void {
  api.describe('back-pressure', () => {
    defineWriteTests(api, harness);
    defineReadTests(api, harness);
  });
}

function defineWriteTests({ it, expect }: TestApi, harness: ContractHarness): void {
  it('returns false for writes while the peer does not read, and drains once when it does', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    peer.pause();
    const { byteCount } = fillUp(transport);
    expect(transport.write([patternBytes(1000, byteCount)])).toBe(false);
    expect(transport.bufferedBytes > 0).toBe(true);
    expect(recorder.events).toEqual([]);
    peer.resume();
    await recorder.untilSeen('drain');
    expect(transport.bufferedBytes).toBe(0);
    const all = byteCount + 1000;
    expect(firstDifference(await peer.receive(all), patternBytes(all))).toBe(-1);
    await roundTrips(scene);
    expect(recorder.count('drain')).toBe(1);
  });

  it('returns true for small writes', async () => {
    await using scene = await connected(harness);
    expect(scene.transport.write([patternBytes(100)])).toBe(true);
    expect(scene.transport.write([])).toBe(true);
    await roundTrips(scene);
    expect(scene.recorder.events).toEqual([]);
  });

  it('drains again after each run of refusals', async () => {
    await using scene = await connected(harness);
    for (let run = 1; run <= 3; run++) {
      scene.peer.pause();
      const { byteCount } = fillUp(scene.transport);
      scene.peer.resume();
      const arrived = scene.peer.receive(byteCount);
      await scene.recorder.untilSeen('drain', run);
      await arrived;
    }
    expect(scene.recorder.events).toEqual(['drain', 'drain', 'drain']);
  });
}

function defineReadTests({ it, expect }: TestApi, harness: ContractHarness): void {
  it('calls onData no more after pause(), holds the peer back, and goes on with resume()', async () => {
    await using scene = await connected(harness);
    const { transport, recorder } = scene;
    transport.pause();
    const byteCount = await fillFromPeer(scene);
    expect(recorder.receivedBytes).toBe(0);
    transport.resume();
    expect(recorder.receivedBytes).toBe(0);
    await recorder.untilReceived(byteCount);
    expect(firstDifference(concatenated(recorder.chunks), patternBytes(byteCount))).toBe(-1);
  });

  it('obeys a pause() from inside onData at once', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    const bytes = patternBytes(4 * mebibyte);
    recorder.during = () => transport.pause();
    peer.write(bytes);
    while (recorder.receivedBytes < bytes.length) {
      const { length } = recorder.chunks;
      await recorder.until(() => recorder.chunks.length > length);
      await roundTrips(scene, 1);
      expect(recorder.chunks.length).toBe(length + 1);
      transport.resume();
    }
    expect(firstDifference(concatenated(recorder.chunks), bytes)).toBe(-1);
  });

  it('loses nothing when paused and resumed at random', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    const seed = Date.now();
    const random = seededRandom(seed);
    let isPaused = false;
    const toss = (): void => {
      for (let flips = Math.floor(random() * 4); flips > 0; flips--) {
        isPaused = !isPaused;
        if (isPaused) transport.pause();
        else transport.resume();
      }
    };
    let wasDataWhilePaused = false;
    recorder.during = () => {
      wasDataWhilePaused ||= isPaused;
      toss();
    };
    const bytes = patternBytes(4 * mebibyte);
    peer.write(bytes);
    while (recorder.receivedBytes < bytes.length) {
      await roundTrips(scene, 1);
      toss();
    }
    expect(`seed ${seed}: ${firstDifference(concatenated(recorder.chunks), bytes)}`).toBe(`seed ${seed}: -1`);
    expect(`seed ${seed}: ${wasDataWhilePaused}`).toBe(`seed ${seed}: false`);
  });

  it('takes repeated pause() and resume() as one', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    transport.pause();
    transport.pause();
    transport.resume();
    transport.resume();
    peer.write(patternBytes(1000));
    await recorder.untilReceived(1000);
    expect(recorder.receivedBytes).toBe(1000);
  });

  it('keeps onEnd and onClose back while paused, after the bytes', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    transport.pause();
    peer.write(patternBytes(5000));
    peer.end();
    await roundTrips(scene);
    transport.end();
    await peer.ended();
    expect(recorder.events).toEqual([]);
    transport.resume();
    await recorder.untilSeen('close');
    expect(recorder.receivedBytes).toBe(5000);
    expect(recorder.events.slice(-2)).toEqual(['end', 'close']);
    expect(recorder.closeError).toBe(undefined);
  });
}
