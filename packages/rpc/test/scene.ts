/** An embedded broker and clients of it, gone with the test. Holds no test. */

import { Socket } from 'node:net';
import { Client, type ClientOptions } from '@puka/client';
import { type BrokerOptions, type EmbeddedBroker, startBroker } from '@puka/testing';
import { onTestFinished } from 'vitest';

export interface Scene {
  readonly broker: EmbeddedBroker;
  /** For a server, connected. */
  readonly server: Client;
  /** For a caller, connected. */
  readonly client: Client;
  /** Another client, connected. */
  another(options?: ClientOptions): Promise<Client>;
}

export async function scene(options: BrokerOptions = {}): Promise<Scene> {
  const broker = await startBroker(options);
  const clients: Client[] = [];
  const another = async (clientOptions: ClientOptions = {}): Promise<Client> => {
    const client = new Client(broker.url, clientOptions);
    clients.push(client);
    await client.connect();
    return client;
  };
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await broker.stop();
  });
  return { broker, server: await another(), client: await another(), another };
}

/** Connects again, as a program does whose client does not do it by itself. */
export function keepConnected(client: Client): void {
  client.on('closed', (error) => {
    if (error !== undefined) client.connect().catch(() => {}); // The broker has gone with the test.
  });
}

/** A promise and who settles it. */
export function deferred<Value = void>(): {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
} {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Settles when the signal is aborted, with its reason. */
export function aborted(signal: {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
}): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
}

/** Cuts the line of one client, and waits until it stands again. */
export async function cut(client: Client): Promise<void> {
  const socket = client.socket();
  if (!(socket instanceof Socket)) throw new Error('the client has no socket of Node');
  const back = new Promise<void>((resolve) => client.once('connected', () => resolve()));
  socket.destroy();
  await back;
}
