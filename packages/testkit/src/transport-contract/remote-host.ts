/**
 * Lends the servers of a harness to another process, over HTTP on the loopback address: for runtimes that cannot listen, and
 * connectors that need a server of another runtime. The other side is remote-harness.ts. It must not test anything.
 */
import { Buffer } from 'node:buffer';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ContractHarness, ContractPeer, ContractServer } from './harness.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { bufferedHeader } from './remote-harness.ts';

/** A host that runs. */
export interface ContractHost {
  /** With a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What a request is answered with. */
type Answer = object | Uint8Array | undefined;

/** A server, and the end of those who wait for its next connection. */
interface LentServer {
  readonly server: ContractServer;
  readonly stopped: Promise<undefined>;
  stop(): Promise<void>;
}

/** @param harnesses by the name that a path begins with. */
export async function startContractHost(harnesses: Readonly<Record<string, ContractHarness>>): Promise<ContractHost> {
  const servers: LentServer[] = [];
  const peers: ContractPeer[] = [];

  async function startServer(harness: ContractHarness): Promise<Answer> {
    const server = await harness.startServer();
    let end: (value: undefined) => void = () => undefined;
    const stopped = new Promise<undefined>((resolve) => {
      end = resolve;
    });
    const stop = async (): Promise<void> => {
      end(undefined);
      await server.stop();
    };
    servers.push({ server, stopped, stop });
    return { id: servers.length - 1, address: server.address };
  }

  async function askServer({ server, stopped, stop }: LentServer, what: string): Promise<Answer> {
    if (what === 'stop') await stop();
    else if (what === 'idle') await server.idle();
    else {
      const peer = await Promise.race([server.nextPeer(), stopped]);
      return peer === undefined ? {} : { peer: peers.push(peer) - 1 };
    }
    return undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const [kind = '', name = '', what = '', count = ''] = (request.url ?? '').slice(1).split('/');
    const body = await bodyOf(request);
    if (kind === 'harness') {
      const harness = harnesses[name];
      if (harness === undefined) throw new Error(`no harness is called ${name}`);
      return what === 'refused' ? harness.refusedAddress() : startServer(harness);
    }
    const server = servers[Number(name)];
    if (kind === 'server' && server !== undefined) return askServer(server, what);
    const peer = peers[Number(name)];
    if (kind !== 'peer' || peer === undefined) throw new Error(`nothing is at ${request.url}`);
    const answered = await askPeer(peer, what, body, Number(count));
    response.setHeader(bufferedHeader, peer.bufferedBytes);
    return answered;
  }

  const http = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    answer(request, response).then(
      (result) => response.end(result instanceof Uint8Array ? result : JSON.stringify(result ?? {})),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? error.message : String(error));
      },
    );
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(http)}/`;
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

async function askPeer(peer: ContractPeer, what: string, body: Uint8Array, count: number): Promise<Answer> {
  switch (what) {
    case 'write':
      peer.write(body);
      return undefined;
    case 'receive':
      return peer.receive(count);
    case 'ended':
      return void (await peer.ended());
    case 'closed':
      return void (await peer.closed());
    case 'pause':
    case 'resume':
    case 'end':
    case 'reset':
      peer[what]();
      return undefined;
    default:
      throw new Error(`a peer cannot ${what}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
