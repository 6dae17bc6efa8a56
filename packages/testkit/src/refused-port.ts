// A port of the loopback address where every connection is refused.
// It must hold the port while the process lives: one that is merely free may be given to another program the next moment, and a
// test that dials it would reach a stranger.

import { connect, createServer } from 'node:net';

const host = '127.0.0.1';

let found: Promise<number> | undefined;

/** A port on 127.0.0.1 on which nothing listens, and that no other process can get; always the same. Keeps no process alive. */
export function refusedPort(): Promise<number> {
  found ??= ownEndOfAConnection();
  return found;
}

/**
 * The local port of an outgoing connection is taken, and nothing listens on it. It is bound: a port that `connect` itself has
 * chosen may be chosen again for a connection to another port, and the one who dials it from there, once in ten thousand
 * times on Linux, is connected to itself.
 */
function ownEndOfAConnection(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.unref());
    server.once('error', reject);
    server.unref();
    server.listen(0, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('the server has no port'));
      const held = connect({ host, port: address.port, localAddress: host }, () => {
        held.unref();
        resolve(held.localPort ?? 0);
      });
      held.once('error', reject);
    });
  });
}
