import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resetSocket } from '../../src/proxy/reset-socket.ts';

let server: Server;
let accepted: Socket;
let peer: Socket;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  peer = connect(address.port, '127.0.0.1');
  peer.on('error', () => undefined);
  const [socket] = await once(server, 'connection');
  if (!(socket instanceof Socket)) throw new Error('it has no connection');
  accepted = socket;
});

afterEach(async () => {
  peer.destroy();
  const closed = once(server, 'close');
  // Comes when every socket is closed.
  server.close();
  await closed;
});

describe('a socket is reset and gone', () => {
  it('that is open', async () => {
    resetSocket(accepted);
    const [error] = await once(peer, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('that ends in the same turn', async () => {
    const errors: unknown[] = [];
    accepted.on('error', (error) => errors.push(error));
    accepted.end();
    resetSocket(accepted);
    await once(accepted, 'close');
    expect(errors).toEqual([]);
  });

  it('that has ended', async () => {
    accepted.end();
    await once(accepted, 'finish');
    resetSocket(accepted);
    await once(accepted, 'close');
  });

  it('that has much to send before its end', async () => {
    peer.pause();
    while (accepted.writableLength === 0) accepted.write(new Uint8Array(1_048_576));
    accepted.end();
    resetSocket(accepted);
    await once(accepted, 'close');
  });
});
