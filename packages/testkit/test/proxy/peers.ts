// An echo server and a client for the tests of the proxy, with promises for what happens to them.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Gives back what it gets, closes when the other side does, and remembers. */
export interface EchoServer {
  readonly host: string;
  readonly port: number;
  /** Bytes received over all connections, as text. */
  readonly text: string;
  readonly chunks: string[];
  readonly sockets: readonly Socket[];
  stop(): Promise<void>;
}

export async function echoServer(): Promise<EchoServer> {
  const chunks: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      chunks.push(bytes.toString('latin1'));
      socket.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the echo server has no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    get text() {
      return chunks.join('');
    },
    chunks,
    sockets,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A socket that remembers what came. */
export class Peer {
  readonly socket: Socket;
  readonly ended: Promise<'end' | string>;
  text = '';
  #look: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1');
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
      socket.on('end', () => resolve('end'));
    });
  }

  static async connect(target: { readonly host: string; readonly port: number }): Promise<Peer> {
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    const peer = new Peer(socket);
    await once(socket, 'connect');
    return peer;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves when this text, and no other, has come in all. */
  received(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (this.text === text) resolve();
        else if (!text.startsWith(this.text)) reject(new Error(`"${this.text}" came instead of "${text}"`));
      };
      this.#look();
    });
  }
}

/** Resolves when a byte has gone to the server and back: what was written before has arrived as well. */
export async function roundTrip(server: EchoServer): Promise<void> {
  const peer = await Peer.connect(server);
  const before = server.chunks.length;
  peer.send('~');
  await peer.received('~');
  peer.socket.destroy();
  const mark = server.chunks.indexOf('~', before);
  if (mark >= 0) server.chunks.splice(mark, 1);
}
