/** Part of the contract suite: connecting, failing to, and giving up. */
import { ConnectionBroken } from '@puka/errors';
import type { AbortSignalLike, Transport } from '@puka/transport';
import { patternBytes } from './byte-patterns.ts';
import type { ContractHarness, TestApi } from './harness.ts';
import { Recorder } from './recorder.ts';
import { connected, rejection, roundTrips, serving } from './scene.ts';

export function defineConnectTests(api: TestApi, harness: ContractHarness): void {
  api.describe('connect', () => {
    defineSuccessTests(api, harness);
    defineRefusalTests(api, harness);
  });
  api.describe('connect with a signal', () => defineAbortTests(api, harness));
}

function defineSuccessTests({ it, expect }: TestApi, harness: ContractHarness): void {
  it('returns the descriptor and the socket where the runtime has them', async () => {
    await using scene = await connected(harness);
    const { fd, socket } = scene.transport;
    expect(fd === undefined || (Number.isInteger(fd) && fd >= 0)).toBe(true);
    expect(socket !== undefined).toBe(harness.hasSocket);
    if (!harness.hasSocket) expect(fd).toBe(undefined);
  });

  it('calls no handler before the code that awaits it has had its turn', async () => {
    await using scene = await serving(harness.startServer());
    scene.server.onAccept = (peer) => {
      peer.write(patternBytes(100));
      peer.end();
    };
    const recorder = new Recorder();
    let isReady = false;
    let wasEarly = false;
    recorder.during = () => {
      wasEarly ||= !isReady;
    };
    const transport = await harness.connector.connect(scene.server.address, recorder);
    isReady = true;
    await recorder.untilSeen('end');
    expect(wasEarly).toBe(false);
    expect(recorder.receivedBytes).toBe(100);
    transport.close();
    await recorder.untilSeen('close');
  });

  it('hands nothing over when paused right after it', async () => {
    await using scene = await serving(harness.startServer());
    scene.server.onAccept = (peer) => peer.write(patternBytes(100));
    const recorder = new Recorder();
    const transport = await harness.connector.connect(scene.server.address, recorder);
    transport.pause();
    const peer = await scene.server.nextPeer();
    await roundTrips({ ...scene, transport, recorder, peer });
    expect(recorder.events).toEqual([]);
    transport.resume();
    await recorder.untilReceived(100);
    transport.close();
    await recorder.untilSeen('close');
  });

  it('connects many times over, and nothing stays open', async () => {
    await using scene = await serving(harness.startServer());
    scene.server.onAccept = (peer) => {
      peer.write(patternBytes(1));
      void rejection(peer.ended()).then(() => peer.end());
    };
    const recorders = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const recorder = new Recorder();
        const transport = await harness.connector.connect(scene.server.address, recorder);
        // A server that has spoken has seen the whole handshake, so it will notice the close.
        await recorder.untilReceived(1);
        transport.write([patternBytes(i)]);
        transport.close();
        await recorder.untilSeen('close');
        return recorder;
      }),
    );
    expect(recorders.every((recorder) => recorder.closeError === undefined)).toBe(true);
    await scene.server.idle();
  });
}

function defineRefusalTests({ it, expect }: TestApi, harness: ContractHarness): void {
  it('rejects with ConnectionBroken that names the address when nothing listens there', async () => {
    const address = await harness.refusedAddress();
    const recorder = new Recorder();
    const error = await rejection(harness.connector.connect(address, recorder));
    expect(error instanceof ConnectionBroken).toBe(true);
    if (!(error instanceof ConnectionBroken)) return;
    expect(error.outcome).toBe('not-sent');
    expect(error.message.includes(`${address.host}:${address.port}`)).toBe(true);
    expect(error.message.includes(harness.refusalText ?? 'ECONNREFUSED')).toBe(true);
    expect(error.cause instanceof Error).toBe(true);
    expect(recorder.events).toEqual([]);
  });
}

function defineAbortTests({ it, expect }: TestApi, harness: ContractHarness): void {
  it('rejects with the reason of a signal aborted before', async () => {
    await using scene = await serving(harness.startServer());
    const recorder = new Recorder();
    const signal = new CountingSignal();
    signal.abort('given up');
    expect(await rejection(harness.connector.connect({ ...scene.server.address, signal }, recorder))).toBe('given up');
    expect(signal.listenerCount).toBe(0);
    expect(recorder.events).toEqual([]);
    await scene.server.idle();
  });

  it('rejects with the reason of a signal aborted meanwhile', async () => {
    await using scene = await serving(harness.startServer());
    const recorder = new Recorder();
    const signal = new CountingSignal();
    const attempt = harness.connector.connect({ ...scene.server.address, signal }, recorder);
    expect(signal.listenerCount).toBe(1);
    signal.abort('given up');
    expect(await rejection(attempt)).toBe('given up');
    expect(signal.listenerCount).toBe(0);
    expect(recorder.events).toEqual([]);
  });

  it('leaves nothing open when aborted at the moment the server accepts', async () => {
    await using scene = await serving(harness.startServer());
    const { server } = scene;
    const recorder = new Recorder();
    const signal = new CountingSignal();
    server.onAccept = () => signal.abort('given up');
    const attempt = harness.connector.connect({ ...server.address, signal }, recorder);
    const peer = await server.nextPeer();
    const outcome = await rejection(attempt);
    // The client may have known the connection as made before it was aborted.
    if (outcome === undefined) (await attempt).close();
    else expect(outcome).toBe('given up');
    await rejection(peer.ended());
    peer.end();
    await server.idle();
    expect(signal.listenerCount).toBe(0);
  });

  it('does not look at the signal once connected', async () => {
    const signal = new CountingSignal();
    await using scene = await connected(harness, { signal });
    expect(signal.listenerCount).toBe(0);
    signal.abort('too late');
    await roundTrips(scene);
    expect(scene.recorder.events).toEqual([]);
  });

  it('leaves no listener on the signal when it is refused', async () => {
    const signal = new CountingSignal();
    await rejection(harness.connector.connect({ ...(await harness.refusedAddress()), signal }, new Recorder()));
    expect(signal.listenerCount).toBe(0);
  });

  it('takes a platform AbortSignal', async () => {
    await using scene = await serving(harness.startServer());
    const controller = new AbortController();
    const attempt: Promise<Transport> = harness.connector.connect(
      { ...scene.server.address, signal: controller.signal },
      new Recorder(),
    );
    controller.abort();
    const error = await rejection(attempt);
    expect(error).toBe(controller.signal.reason);
  });
}

/** A signal that knows how many listen. */
class CountingSignal implements AbortSignalLike {
  readonly #listeners = new Set<() => void>();
  aborted = false;
  reason: unknown;

  get listenerCount(): number {
    return this.#listeners.size;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }
}
