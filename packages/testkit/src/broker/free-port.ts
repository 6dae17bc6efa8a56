// Finds free TCP ports on the loopback address, and reserves them among all processes that use this module.
// It must not pick from the range the system uses for outgoing connections: a node that restarts would find its port
// taken.

import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const host = '127.0.0.1';
const lowestPort = 24_000;
const highestPort = 32_000; // Linux hands out 32768 and above to outgoing connections
/** The distance to the twin of a port: the process that listens on the twin owns the port, whether or not it uses it now. */
const twinOffset = 8000;

/** A port on 127.0.0.1 of one's own, in the range 24000 to 31999. */
export interface ClaimedPort {
  readonly port: number;
  /** Releases it; the end of the process does so too. */
  release(): void;
}

/**
 * A port on which nothing listens, and that no other call, of this process or another, returns until it is released: a node
 * that starts takes seconds to listen on it, and one that restarts or a proxy that refuses leaves it open meanwhile. Keeps
 * no process alive.
 */
export async function claimPort(): Promise<ClaimedPort> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(lowestPort, highestPort);
    const twin = await listening(port - twinOffset);
    if (twin === undefined) continue;
    const server = await listening(port);
    if (server === undefined) {
      twin.close();
      continue;
    }
    await new Promise<void>((resolve) => server.close(() => resolve()));
    twin.unref();
    return { port, release: () => void (twin.listening && twin.close()) };
  }
  throw new Error(`no free port found between ${lowestPort} and ${highestPort} in 200 attempts`);
}

/** Whether what RabbitMQ, Erlang, docker or a node's epmd printed means that another program has taken a port meanwhile. */
export function isPortTaken(text: string): boolean {
  // `nodistribution`: something that is no epmd listens on the port of epmd.
  return /eaddrinuse|already (in use|allocated)|could not bind to distribution port|nodistribution/i.test(text);
}

/** @returns undefined if the port is in use. */
function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
