import { createServer, type Server, type Socket } from 'node:net';
import {
  AuthenticationFailed,
  Client,
  ConnectionBroken,
  HandshakeTimeout,
  NotAllowed,
  UnsupportedProtocol,
  UsageError,
} from '@puka/client';
import { refusedPort } from '@puka/testkit';
import { afterEach, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A port of its own that answers as the test sets. */
async function strangerPort(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function withParts(change: (parts: URL) => void): string {
  const parts = new URL(url);
  change(parts);
  return parts.href;
}

describe('connect', () => {
  it('returns what was tuned, and the same again while connected', async () => {
    const client = new Client(url, { heartbeat: 7, channelMax: 100 });
    const info = await client.connect();
    expect(info).toMatchObject({ heartbeat: 7, channelMax: 100, frameMax: 131_072 });
    expect(info.serverProperties.product).toBe('RabbitMQ');
    expect(await client.connect()).toBe(info);
    await client.close();
    await client.close();
  });

  it('connects afresh after close', async () => {
    const client = new Client(url);
    await client.connect();
    await client.close();
    await client.connect();
    expect((await client.queueDeclare({ exclusive: true })).messageCount).toBe(0);
    await client.close();
  });

  it('rejects with AuthenticationFailed for a wrong password, which is in no text', async () => {
    const client = new Client(withParts((parts) => (parts.password = 'topsecret')));
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AuthenticationFailed);
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('topsecret');
  });

  it('rejects with NotAllowed for a vhost that is not there', async () => {
    const client = new Client(withParts((parts) => (parts.pathname = '/nowhere')));
    await expect(client.connect()).rejects.toBeInstanceOf(NotAllowed);
  });

  it('rejects with ConnectionBroken for a closed port', async () => {
    await expect(new Client(`amqp://127.0.0.1:${await refusedPort()}`).connect()).rejects.toMatchObject({
      code: 'CONNECTION_BROKEN',
      outcome: 'not-sent',
    });
  });

  it('names a port that speaks HTTP', async () => {
    const port = await strangerPort((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error: unknown = await new Client(`amqp://127.0.0.1:${port}`).connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnsupportedProtocol);
    expect(String(error)).toContain('HTTP');
  });

  it('ends a silent port in time', async () => {
    const port = await strangerPort(() => {});
    const client = new Client(`amqp://127.0.0.1:${port}`, { connectTimeout: 100 });
    await expect(client.connect()).rejects.toBeInstanceOf(HandshakeTimeout);
  });

  it('refuses operations before it, and after the close', async () => {
    const client = new Client(url);
    await expect(client.queueDeclare({})).rejects.toBeInstanceOf(UsageError);
    await client.connect();
    await client.close();
    await expect(client.basicPublish({ routingKey: 'x' })).rejects.toBeInstanceOf(UsageError);
  });
});

describe('close', () => {
  it('fails what is outstanding with ConnectionBroken', async () => {
    const client = new Client(url);
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    const consumer = client.basicConsume({ queue });
    await consumer.ready;
    const waiting = consumer[Symbol.asyncIterator]().next();
    const declare = client.queueDeclare({ exclusive: true });
    const closed = client.close();
    await expect(declare).rejects.toBeInstanceOf(ConnectionBroken);
    await closed;
    // Our own close is an end without an error for a consumer.
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('does not lose an ack of the same turn', async () => {
    const client = new Client(url);
    await client.connect();
    const queue = `ack-then-close-${process.pid}`;
    await client.queueDeclare({ queue, durable: true });
    await client.basicPublish({ routingKey: queue, body: 'x' });
    const message = await client.basicGet({ queue });
    message?.ack();
    await client.close();
    await client.connect();
    expect(await client.queueDelete({ queue })).toEqual({ messageCount: 0 });
    await client.close();
  });
});
