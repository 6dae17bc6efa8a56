import { createServer, type Server, type Socket } from 'node:net';
import { AuthenticationFailed, Client, ConnectionBroken, HandshakeTimeout, NotAllowed } from '@puka/client';
import { refusedPort } from '@puka/testkit';
import { afterEach, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** The URL of a port that answers as the test sets. */
async function stranger(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `amqp://127.0.0.1:${address.port}`;
}

/** The URL of a port at which no server listens. */
async function nobody(): Promise<string> {
  return `amqp://127.0.0.1:${await refusedPort()}`;
}

function withParts(change: (parts: URL) => void): string {
  const parts = new URL(url);
  change(parts);
  return parts.href;
}

describe('several hosts', () => {
  it('are tried until one is open: refused, silent, strange, hanging up, without the vhost', async () => {
    const client = new Client(
      [
        await nobody(),
        // Gives the others the rest of the time.
        `${await stranger(() => {})}?connection_timeout=300`,
        await stranger((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
        await stranger((socket) => socket.end()),
        withParts((parts) => (parts.pathname = '/nowhere')),
        url,
      ],
      { connectTimeout: 30_000 },
    );
    const info = await client.connect();
    expect(info.serverProperties.product).toBe('RabbitMQ');
    expect(await client.queueDeclare({ exclusive: true })).toMatchObject({ messageCount: 0 });
    await client.close();
  });

  it('that all fail are told, each with its own reason', async () => {
    const hosts = [await nobody(), withParts((parts) => (parts.pathname = '/nowhere'))];
    const closed: unknown[] = [];
    const client = new Client(hosts);
    client.on('closed', (reason) => closed.push(reason));
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(error).toMatchObject({ outcome: 'not-sent' });
    expect(String(error)).toMatch(/none of the 2 hosts.*ECONNREFUSED.*vhost nowhere not found/);
    const errors: unknown = error instanceof Error && error.cause instanceof AggregateError ? error.cause.errors : [];
    expect(errors).toEqual([expect.any(ConnectionBroken), expect.any(NotAllowed)]);
    expect(closed).toEqual([error]);
  });

  it('are not tried for ever where each fails as another attempt would: recover.initial', async () => {
    const nowhere = withParts((parts) => (parts.pathname = '/nowhere'));
    const client = new Client([nowhere, nowhere], { recover: { initial: true, minDelay: 1 } });
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(String(error)).toMatch(/none of the 2 hosts.*vhost nowhere not found/);
    expect(client.state).toBe('idle');
  });

  it('are not all asked with a password that one has refused', async () => {
    const wrong = withParts((parts) => (parts.password = 'topsecret'));
    let asked = 0;
    const second = await stranger(() => asked++);
    const client = new Client([wrong, second.replace('//', `//${new URL(wrong).username}:topsecret@`)]);
    await expect(client.connect()).rejects.toBeInstanceOf(AuthenticationFailed);
    expect(asked).toBe(0);
  });

  it('share one deadline', async () => {
    const silent = [await stranger(() => {}), await stranger(() => {})];
    const error: unknown = await new Client(silent, { connectTimeout: 3000 })
      .connect()
      .catch((reason: unknown) => reason);
    const errors: unknown = error instanceof Error && error.cause instanceof AggregateError ? error.cause.errors : [];
    expect(errors).toEqual([expect.any(HandshakeTimeout), expect.any(HandshakeTimeout)]);
  });

  it('are tried no more once the client is closed', async () => {
    let asked = 0;
    let reached = (): void => {};
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const client = new Client([await stranger(() => reached()), await stranger(() => asked++)]);
    const failed = client.connect().catch((reason: unknown) => String(reason));
    await isReached;
    await client.close();
    expect(await failed).toContain('the client was closed');
    expect(asked).toBe(0);
  });
});

describe('a deadline', () => {
  it('holds while the credentials are asked for', async () => {
    const client = new Client('amqp://127.0.0.1:1', { credentials: () => new Promise(() => {}), connectTimeout: 50 });
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HandshakeTimeout);
    expect(String(error)).toContain('within 50 ms: the credentials function did not answer');
  });

  it('ends the attempt to connect, so that nothing is left behind', async () => {
    let isAborted = false;
    const client = new Client('amqp://127.0.0.1:1', {
      connectTimeout: 50,
      transport: {
        runtime: 'memory',
        connect: ({ signal }) =>
          new Promise((_, reject) => {
            signal?.addEventListener('abort', () => {
              isAborted = true;
              reject(signal.reason);
            });
          }),
      },
    });
    await expect(client.connect()).rejects.toBeInstanceOf(HandshakeTimeout);
    expect(isAborted).toBe(true);
  });
});

describe('the parameters of a URL', () => {
  it('are what is tuned', async () => {
    const client = new Client(`${url}?heartbeat=7&channel_max=11&frame_max=9000&connection_timeout=9999`);
    expect(await client.connect()).toMatchObject({ heartbeat: 7, channelMax: 11, frameMax: 9000 });
    await client.close();
  });
});
