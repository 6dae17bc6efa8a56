/** A client that writes WebSocket frames by hand, right ones and wrong ones. It must not test anything. */
import { connect, type Socket } from 'node:net';

/** A connection to a relay whose bytes are the test's own. */
export interface RawWebSocket {
  readonly socket: Socket;
  /** All that has come so far, the answer to the upgrade among it. */
  received(): string;
  /** Resolves when the relay has ended or reset the connection. */
  readonly closed: Promise<void>;
}

/** Connects and sends a text. */
export function rawConnection(port: number, text: string | Uint8Array): RawWebSocket {
  const socket = connect({ port, host: '127.0.0.1' });
  let received = '';
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
  });
  // A reset is one of the ways to end.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(text);
  return { socket, received: () => received, closed };
}

/** RFC 6455 §4.1. */
export function upgradeRequest(protocol?: string): string {
  const lines = [
    ...['GET / HTTP/1.1', 'Host: relay', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A frame of a client. RFC 6455 §5.2; the mask is zero, so that the payload stays as it is. */
export function frame(opcode: number, payload: Uint8Array, { fin = true, masked = true } = {}): Uint8Array {
  const head = Buffer.alloc(10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = (masked ? 0x80 : 0) | (payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127);
  const lengthBytes = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  if (lengthBytes === 2) head.writeUInt16BE(payload.length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head.subarray(0, 2 + lengthBytes), Buffer.alloc(masked ? 4 : 0), payload]);
}
