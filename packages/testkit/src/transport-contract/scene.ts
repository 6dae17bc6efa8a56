/** What nearly every test of the suite starts from: a server, a connection, its two ends. It must not test anything. */
import type { ConnectOptions, Transport } from '@puka/transport';
import { patternBytes } from './byte-patterns.ts';
import type { ContractAddress, ContractHarness, ContractPeer, ContractServer } from './harness.ts';
import { Recorder } from './recorder.ts';

const mebibyte = 1024 * 1024;

/** Leaving it (`await using`) closes the connection and stops the server. */
export interface Scene extends AsyncDisposable {
  readonly server: ContractServer;
  readonly transport: Transport;
  readonly recorder: Recorder;
  readonly peer: ContractPeer;
}

/** A server that is stopped in the end. */
export async function serving(
  server: Promise<ContractServer>,
): Promise<{ readonly server: ContractServer } & AsyncDisposable> {
  const started = await server;
  return { server: started, [Symbol.asyncDispose]: () => started.stop() };
}

/** A fresh server and one connection to it. */
export async function connected(harness: ContractHarness, options: Partial<ConnectOptions> = {}): Promise<Scene> {
  const server = await harness.startServer();
  return connectedTo(harness, server, { ...server.address, ...options });
}

/** One connection to a server that is there; leaving the scene stops it. */
export async function connectedTo(
  harness: ContractHarness,
  server: ContractServer,
  options: ContractAddress & Partial<ConnectOptions>,
): Promise<Scene> {
  const recorder = new Recorder();
  const transport = await harness.connector.connect(options, recorder);
  const peer = await server.nextPeer();
  const leave = async (): Promise<void> => {
    transport.close();
    await recorder.untilSeen('close');
    await server.stop();
  };
  return { server, transport, recorder, peer, [Symbol.asyncDispose]: leave };
}

/**
 * Sends one byte to the peer and waits until it is there, so many times: enough turns of the event loop for anything to come
 * that could come.
 */
export async function roundTrips(scene: Scene, times = 20): Promise<void> {
  for (let i = 0; i < times; i++) {
    scene.transport.write([new Uint8Array([i])]);
    await scene.peer.receive(1);
  }
}

/** More than the buffers of any system hold: a transport that accepts all of it applies no back-pressure. */
const mostBytes = 1024 * mebibyte;

/** What {@link fillUp} has written. */
export interface Filling {
  /** In order: the pattern from its beginning. */
  readonly chunks: readonly Uint8Array[];
  readonly byteCount: number;
}

/**
 * Writes until the transport returns `false`, while the peer is paused. How much that takes is the system's own business: on
 * one machine it buffers 200 kB, on another 40 MiB.
 *
 * @throws Error when a GiB was written and allowed.
 */
export function fillUp(transport: Transport): Filling {
  const chunks: Uint8Array[] = [];
  for (let byteCount = 0; byteCount < mostBytes; ) {
    const chunk = patternBytes(mebibyte, byteCount);
    chunks.push(chunk);
    byteCount += chunk.length;
    if (!transport.write([chunk])) return { chunks, byteCount };
  }
  throw new Error(`write() allowed ${mostBytes} bytes to a peer that does not read`);
}

/**
 * Writes until the system takes no more, while the peer is paused. What is buffered then stays buffered.
 *
 * @param other another connection, whose round trips leave the system time.
 * @returns `false` when it was still taking more in the end: Deno's `node:tls` reads on while it is paused.
 */
export async function jam({ transport }: Scene, other: Scene): Promise<boolean> {
  for (let round = 0; round < 10; round++) {
    fillUp(transport);
    const { bufferedBytes } = transport;
    await roundTrips(other);
    if (transport.bufferedBytes === bufferedBytes) return true;
  }
  return false;
}

/**
 * Lets the peer write until the system takes no more, while the transport is paused or is not read.
 *
 * @returns how many bytes of the pattern the peer has written.
 * @throws Error when a GiB was written and taken.
 */
export async function fillFromPeer(scene: Scene): Promise<number> {
  for (let byteCount = 0; byteCount < mostBytes; ) {
    scene.peer.write(patternBytes(8 * mebibyte, byteCount));
    byteCount += 8 * mebibyte;
    await roundTrips(scene);
    if (scene.peer.bufferedBytes > 0) return byteCount;
  }
  throw new Error(`the transport took ${mostBytes} bytes while it was not to read`);
}

/** What a promise rejects with; `undefined` when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}
