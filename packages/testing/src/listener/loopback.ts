/**
 * Listens on a port of the loopback interface, through `node:net`, which Node, Deno and Bun have. It keeps no process
 * running. Must not know frames.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { ConnectionBroken } from '@puka/errors';
import type { AcceptLine, Line } from './line.ts';

/** A port that is listened on. */
export interface Loopback {
  readonly port: number;
  /** Stops listening; open lines are not affected. */
  close(): Promise<void>;
}

/**
 * Starts to listen.
 *
 * @param port 0 takes one that is free.
 * @throws (rejects) {ConnectionBroken} if the port cannot be opened.
 */
export function listen(host: string, port: number, accept: AcceptLine): Promise<Loopback> {
  const server = createServer({ noDelay: true }, (socket) => takeSocket(socket, accept));
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new ConnectionBroken(`cannot listen on ${host}:${port}`, { cause, outcome: 'not-sent' }));
    });
    server.listen(port, host, () => {
      server.unref();
      resolve({ port: portOf(server), close: () => closed(server) });
    });
  });
}

function takeSocket(socket: Socket, accept: AcceptLine): void {
  socket.unref();
  const line = new SocketLine(socket);
  const sink = accept(line);
  let isOver = false;
  const ended = (): void => {
    if (isOver) return;
    isOver = true;
    sink.ended();
  };
  // Node may use its memory for the next read again; code that keeps a part of a chunk copies it.
  socket.on('data', (bytes) => sink.received(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  socket.on('drain', () => sink.drained());
  socket.on('end', ended);
  // Why the connection broke does not matter to the broker: `close` follows.
  socket.on('error', () => {});
  socket.on('close', ended);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

class SocketLine implements Line {
  readonly name: string;
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    this.name = `${remoteAddress}:${remotePort} -> ${localAddress}:${localPort}`;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const { socket } = this;
    if (socket.destroyed || socket.writableEnded) return false;
    socket.cork();
    let mayGoOn = true;
    for (const chunk of chunks) mayGoOn = socket.write(chunk);
    socket.uncork();
    return mayGoOn;
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    const { socket } = this;
    // While Node (20 to 26) shuts a socket down it cannot reset it: it loses it without closing it, and never ends.
    const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
    if (isEnding && !socket.destroyed) socket.once('finish', () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
  }
}
