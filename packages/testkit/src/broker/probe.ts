// Asks a port whether an AMQP 0-9-1 broker answers there, by the first step of the handshake.
// It must not log in: a probe needs no password and leaves nothing but a line in the broker's log.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const protocolHeader = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1); // AMQP 0-9-1 §4.2.2
const startLimitBytes = 64 * 1024;

/** What a broker reports of itself in connection.start. */
export interface ProbeAnswer {
  readonly product: string;
  readonly version: string;
}

/** Where to ask. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
  /** Default 2000. */
  readonly timeoutMs?: number;
}

/**
 * Connects, sends the protocol header and waits for connection.start.
 * Rejects with the reason when nothing listens, nothing arrives in time, or something else answers.
 */
export function probeBroker(target: ProbeTarget): Promise<ProbeAnswer> {
  const { host, port, timeoutMs = 2000 } = target;
  return new Promise((resolve, reject) => {
    // The certificate is not looked at: nothing secret is sent, and whether to trust it is the client's business.
    const socket: Socket = target.tls
      ? connectTls({ host, port, rejectUnauthorized: false }, () => socket.write(protocolHeader))
      : connectTcp({ host, port }, () => socket.write(protocolHeader));
    let received = Buffer.alloc(0);
    const finish = (outcome: ProbeAnswer | Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    const timer = setTimeout(
      () => finish(new Error(`nothing came from ${host}:${port} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.on('error', (error) => finish(new Error(`${host}:${port}: ${error.message || String(error)}`)));
    socket.on('close', () => finish(new Error(`${host}:${port} closed the connection without an answer`)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const outcome = readConnectionStart(received);
      if (outcome !== undefined) finish(outcome);
    });
  });
}

/** @returns undefined while more bytes are needed. */
function readConnectionStart(received: Buffer): ProbeAnswer | Error | undefined {
  if (received.length < 7) return undefined;
  const size = received.readUInt32BE(3);
  if (received[0] !== 1 || size > startLimitBytes) return new Error('what answers does not speak AMQP 0-9-1');
  if (received.length < 7 + size + 1) return undefined;
  if (received.readUInt32BE(7) !== 0x000a000a)
    return new Error('the answer to the protocol header is not connection.start');
  const payload = received.subarray(11, 7 + size);
  return { product: serverProperty(payload, 'product'), version: serverProperty(payload, 'version') };
}

/** A member of the server properties that is a long string, found by its key: no decoder is needed for two texts. */
function serverProperty(payload: Buffer, key: string): string {
  const pattern = Buffer.concat([Uint8Array.of(key.length), Buffer.from(`${key}S`)]);
  const found = payload.indexOf(pattern);
  if (found < 0) return 'unknown';
  const start = found + pattern.length;
  if (start + 4 > payload.length) return 'unknown';
  return payload.toString('utf8', start + 4, start + 4 + payload.readUInt32BE(start));
}
