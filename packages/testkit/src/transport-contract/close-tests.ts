/** Part of the contract suite: the ends of a connection, half, whole, orderly and not. */
import { ConnectionBroken } from '@puka/errors';
import { concatenated, firstDifference, patternBytes } from './byte-patterns.ts';
import type { ContractHarness, ContractPeer, TestApi } from './harness.ts';
import type { Scene } from './scene.ts';
import { connected, fillUp, jam, rejection, roundTrips } from './scene.ts';

const mebibyte = 1024 * 1024;

export function defineCloseTests(api: TestApi, harness: ContractHarness): void {
  api.describe('end', () => defineEndTests(api, harness));
  api.describe('close', () => defineCloseNowTests(api, harness));
  api.describe('a broken connection', () => defineBreakTests(api, harness));
}

function defineEndTests({ it, expect }: TestApi, harness: ContractHarness): void {
  it('leaves the way in open after end()', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    transport.end();
    await peer.ended();
    const bytes = patternBytes(2 * mebibyte);
    peer.write(bytes);
    peer.end();
    await recorder.untilSeen('close');
    expect(firstDifference(concatenated(recorder.chunks), bytes)).toBe(-1);
    expect(recorder.events.slice(-2)).toEqual(['end', 'close']);
    expect(recorder.closeError).toBe(undefined);
  });

  it('leaves the way out open after the peer has ended', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    peer.end();
    await recorder.untilSeen('end');
    const bytes = patternBytes(2 * mebibyte);
    transport.write([bytes]);
    expect(firstDifference(await peer.receive(bytes.length), bytes)).toBe(-1);
    transport.end();
    await recorder.untilSeen('close');
    expect(recorder.count('end')).toBe(1);
    expect(recorder.closeError).toBe(undefined);
    await peer.closed();
  });

  it('sends everything buffered before the end', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    peer.pause();
    const { byteCount } = fillUp(transport);
    transport.end();
    peer.resume();
    expect(firstDifference(await peer.receive(byteCount), patternBytes(byteCount))).toBe(-1);
    await peer.ended();
    expect(recorder.events).toEqual([]);
  });

  it('takes a second end() as nothing, and ignores writes after it', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    transport.write([patternBytes(10)]);
    transport.end();
    transport.end();
    expect(transport.write([patternBytes(10)])).toBe(false);
    await peer.receive(10);
    await peer.ended();
    peer.end();
    await recorder.untilSeen('close');
    expect(recorder.events).toEqual(['end', 'close']);
    expect(recorder.closeError).toBe(undefined);
  });
}

function defineCloseNowTests({ it, expect }: TestApi, harness: ContractHarness): void {
  it('calls onClose once, without an error, later and last', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    transport.close();
    transport.close();
    expect(recorder.events).toEqual([]);
    await recorder.untilSeen('close');
    transport.close();
    await untilPeerEnds(peer);
    expect(recorder.events).toEqual(['close']);
    expect(recorder.closeError).toBe(undefined);
  });

  it('does nothing any more after close(), whatever is called', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    const tryAll = (): void => {
      expect(transport.write([patternBytes(10)])).toBe(false);
      expect(transport.bufferedBytes).toBe(0);
      expect(transport.fd).toBe(undefined);
      transport.pause();
      transport.resume();
      transport.end();
    };
    transport.close();
    tryAll();
    await recorder.untilSeen('close');
    tryAll();
    await untilPeerEnds(peer);
    expect(recorder.events).toEqual(['close']);
  });

  it('hands nothing over any more when closed inside onData', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    recorder.during = () => transport.close();
    peer.write(patternBytes(4 * mebibyte));
    await recorder.untilSeen('close');
    await untilPeerEnds(peer);
    expect(recorder.events).toEqual(['data', 'close']);
  });

  it('drops what is held back by pause()', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    transport.pause();
    peer.write(patternBytes(4 * mebibyte));
    await roundTrips(scene);
    transport.close();
    await recorder.untilSeen('close');
    await untilPeerEnds(peer);
    expect(recorder.events).toEqual(['close']);
  });

  it('closes while an orderly close waits behind a pause', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    transport.pause();
    peer.write(patternBytes(10));
    peer.end();
    await roundTrips(scene);
    transport.end();
    await peer.ended();
    transport.close();
    await recorder.untilSeen('close');
    expect(recorder.events).toEqual(['close']);
  });

  it('drops what is buffered, and no drain follows', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    peer.pause();
    fillUp(transport);
    transport.close();
    peer.resume();
    await recorder.untilSeen('close');
    await untilPeerEnds(peer);
    expect(recorder.events).toEqual(['close']);
  });

  it('notifies the peer', async () => {
    await using scene = await connected(harness);
    scene.transport.close();
    await untilPeerEnds(scene.peer);
    scene.peer.end();
    await scene.server.idle();
  });
}

function defineBreakTests({ it, expect }: TestApi, harness: ContractHarness): void {
  const brokenOnly = (scene: Scene): void => {
    const { recorder, transport } = scene;
    const { closeError } = recorder;
    expect(closeError instanceof ConnectionBroken).toBe(true);
    expect(closeError?.outcome).toBe('unknown');
    expect(closeError?.cause instanceof Error).toBe(true);
    expect(recorder.count('close')).toBe(1);
    expect(recorder.events.at(-1)).toBe('close');
    expect(transport.write([patternBytes(1)])).toBe(false);
    expect(transport.bufferedBytes).toBe(0);
  };

  it('closes with an error when the peer resets it', async () => {
    await using scene = await connected(harness);
    scene.peer.reset();
    await scene.recorder.untilSeen('close');
    brokenOnly(scene);
    expect(scene.recorder.events).toEqual(['close']);
  });

  it('closes with an error when it is reset with much to send', async () => {
    await using scene = await connected(harness);
    await using other = await connected(harness);
    const { recorder, peer } = scene;
    peer.pause();
    const isJammed = await jam(scene, other);
    const drains = recorder.count('drain');
    peer.reset();
    await recorder.untilSeen('close');
    brokenOnly(scene);
    if (isJammed) expect(recorder.count('drain')).toBe(drains);
  });

  it('closes with an error when it is reset after the peer has ended', async () => {
    await using scene = await connected(harness);
    const { recorder, peer } = scene;
    peer.end();
    await recorder.untilSeen('end');
    peer.reset();
    await peer.closed();
    // After the peer's end nothing is read any more: only a write finds out.
    scene.transport.write([patternBytes(1)]);
    await recorder.untilSeen('close');
    brokenOnly(scene);
  });

  it('takes close() and everything else after the break as nothing', async () => {
    await using scene = await connected(harness);
    const { transport, recorder, peer } = scene;
    peer.reset();
    await recorder.untilSeen('close');
    transport.pause();
    transport.resume();
    transport.end();
    transport.close();
    brokenOnly(scene);
  });
}

/** Resolves when the peer knows that no more will come, by an end or by a break: a close with bytes unread may be either. */
async function untilPeerEnds(peer: ContractPeer): Promise<void> {
  await rejection(peer.ended());
}
