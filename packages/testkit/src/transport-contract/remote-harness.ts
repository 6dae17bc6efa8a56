/**
 * The harness whose servers are in another process: that of remote-host.ts. It runs on every runtime that has `fetch`, and
 * must not load anything of one.
 */
import type { TransportConnector } from '@puka/transport';
import { AcceptedPeers } from './accepted-peers.ts';
import type { ContractAddress, ContractHarness, ContractPeer, ContractServer } from './harness.ts';

/** How much a peer has written and not sent, in every answer of it. */
export const bufferedHeader = 'x-buffered-bytes';

/** What to run, and where its servers are. */
export interface RemoteHarnessOptions {
  readonly name: string;
  readonly connector: TransportConnector;
  /** The host's, with a slash at its end. */
  readonly url: string;
  /** Which of the host's harnesses. */
  readonly servers: string;
  readonly hasSocket: boolean;
  readonly refusalText: string;
  /** Added to each address. */
  readonly address?: Pick<ContractAddress, 'tls'>;
}

export function remoteHarness(options: RemoteHarnessOptions): ContractHarness {
  const { name, connector, url, servers, hasSocket, refusalText, address: added } = options;
  const base = `${url}harness/${servers}/`;
  return {
    ...{ name, connector, hasSocket, refusalText },
    startServer: async () => {
      const { id, address } = await askJson<{ id: number; address: ContractAddress }>(`${base}start`);
      return new RemoteServer(`${url}server/${id}/`, url, { ...address, ...added });
    },
    refusedAddress: async () => ({ ...(await askJson<ContractAddress>(`${base}refused`)), ...added }),
  };
}

class RemoteServer implements ContractServer {
  readonly address: ContractAddress;
  onAccept: ((peer: ContractPeer) => void) | undefined;
  readonly #path: string;
  readonly #url: string;
  readonly #peers = new AcceptedPeers();

  constructor(path: string, url: string, address: ContractAddress) {
    this.#path = path;
    this.#url = url;
    this.address = address;
    void this.#accept();
  }

  nextPeer(): Promise<ContractPeer> {
    return this.#peers.next();
  }

  async idle(): Promise<void> {
    await ask(`${this.#path}idle`);
  }

  async stop(): Promise<void> {
    await ask(`${this.#path}stop`);
  }

  async #accept(): Promise<void> {
    for (;;) {
      const { peer: id } = await askJson<{ peer?: number }>(`${this.#path}accept`);
      if (id === undefined) return;
      const peer = new RemotePeer(`${this.#url}peer/${id}/`);
      this.onAccept?.(peer);
      this.#peers.add(peer);
    }
  }
}

class RemotePeer implements ContractPeer {
  bufferedBytes = 0;
  readonly #path: string;
  /** Commands reach the host in their order, and before what is asked later. */
  #commands: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  write(bytes: Uint8Array): void {
    this.#command('write', bytes);
  }

  pause(): void {
    this.#command('pause');
  }

  resume(): void {
    this.#command('resume');
  }

  end(): void {
    this.#command('end');
  }

  reset(): void {
    this.#command('reset');
  }

  async receive(byteCount: number): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#ask(`receive/${byteCount}`)).arrayBuffer());
  }

  async ended(): Promise<void> {
    await this.#ask('ended');
  }

  async closed(): Promise<void> {
    await this.#ask('closed');
  }

  #command(what: string, body?: Uint8Array): void {
    this.#commands = this.#ask(what, body);
    this.#commands.catch(() => undefined); // who asks later gets it
  }

  async #ask(what: string, body?: Uint8Array): Promise<Response> {
    await this.#commands;
    const response = await ask(this.#path + what, body);
    this.bufferedBytes = Number(response.headers.get(bufferedHeader));
    return response;
  }
}

/** What the host answers is ours: its shape is known. */
async function askJson<T>(url: string): Promise<T> {
  const value: T = JSON.parse(await (await ask(url)).text());
  return value;
}

async function ask(url: string, body: Uint8Array = new Uint8Array()): Promise<Response> {
  const response = await fetch(url, { method: 'POST', body: body as Uint8Array<ArrayBuffer> });
  if (!response.ok) throw new Error(await response.text());
  return response;
}
