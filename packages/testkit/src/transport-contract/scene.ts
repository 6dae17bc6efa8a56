/** What nearly every test of the suite starts from: a server, a connection, its two ends. It must not test anything. */
import type { ConnectOptions, Transport } from '@puka/transport';
import type { ContractAddress, ContractHarness, ContractPeer, ContractServer } from './harness.ts';
import { Recorder } from './recorder.ts';

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

/** What a promise rejects with; `undefined` when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}
