// Finds free TCP ports on the loopback address.
// It must not pick from the range the system gives to outgoing connections: a node that restarts would find its port
// taken.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const lowestPort = 16_000;
const highestPort = 32_000; // Linux hands out 32768 and above to outgoing connections

/** A port nobody listens on at the moment, on 127.0.0.1; in the range 16000 to 31999. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(lowestPort, highestPort);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port found between ${lowestPort} and ${highestPort} in 200 attempts`);
}

/** As many free ports as asked for, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** Whether what RabbitMQ, Erlang, docker or a node's epmd said means that somebody else has taken a port meanwhile. */
export function tellsOfTakenPort(text: string): boolean {
  const words = [
    'eaddrinuse|address already in use|port is already allocated',
    'could not bind to distribution port|nodistribution', // Erlang: what else listens on those of a node and of its epmd
    'epmd ended, as it does where its port is taken',
  ];
  return new RegExp(words.join('|'), 'i').test(text);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
