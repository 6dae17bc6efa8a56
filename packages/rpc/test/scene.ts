/** An embedded broker and clients of it, gone with the test. Holds no test. */

import { Client, type ClientOptions } from '@puka/client';
import { type BrokerOptions, type EmbeddedBroker, startBroker } from '@puka/testing';
import { type FaultProxy, faultProxy } from '@puka/testkit';
import { onTestFinished } from 'vitest';

export interface Scene {
  readonly broker: EmbeddedBroker;
  /** For a server, connected. */
  readonly server: Client;
  /** For a caller, connected. */
  readonly client: Client;
  /** Another client, connected. */
  another(options?: ClientOptions): Promise<Client>;
  /** Another client, connected over a line that `cut` cuts. */
  cuttable(options?: ClientOptions): Promise<Client>;
}

const proxies = new WeakMap<Client, FaultProxy>();

export async function scene(options: BrokerOptions = {}): Promise<Scene> {
  const broker = await startBroker(options);
  const clients: Client[] = [];
  const connect = async (url: string, clientOptions: ClientOptions): Promise<Client> => {
    const client = new Client(url, clientOptions);
    clients.push(client);
    await client.connect();
    return client;
  };
  const another = (clientOptions: ClientOptions = {}): Promise<Client> => connect(broker.url, clientOptions);
  const cuttable = async (clientOptions: ClientOptions = {}): Promise<Client> => {
    const { hostname, port } = new URL(broker.url);
    const proxy = await faultProxy({ target: { host: hostname, port: Number(port) } });
    const client = await connect(proxy.urlFor(broker.url), clientOptions);
    proxies.set(client, proxy);
    return client;
  };
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(clients.map((client) => proxies.get(client)?.stop()));
    await broker.stop();
  });
  return { broker, server: await another(), client: await another(), another, cuttable };
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

/** Lets promises settle, and nothing be read. */
export async function microtasks(count = 20): Promise<void> {
  for (let task = 0; task < count; task++) await Promise.resolve();
}

/** Cuts the connection of a client that is `cuttable`, and waits until it is open again. */
export async function cut(client: Client): Promise<void> {
  const back = new Promise<void>((resolve) => client.once('connected', () => resolve()));
  const proxy = proxies.get(client);
  if (proxy === undefined) throw new Error('the client is not cuttable');
  proxy.reset();
  await back;
}
