import { createPrivateKey } from 'node:crypto';
import { createServer, type TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { Client, type ClientOptions, type Diagnostics, type TraceEntry, toPrometheus } from '@puka/client';
import { type Broker, formsOf, waitFor } from '@puka/testkit';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { privateNode } from './private-node.ts';

const certificates = makeCertificates();
const secret = 'top+secret/word';
const node = privateNode();
let broker: Broker;

beforeAll(async () => {
  broker = await node.take();
  await broker.addUser('u', secret);
});

afterAll(() => node.giveBack());

const forms = formsOf(secret);

/** Every way to look at a value. */
function shown(value: unknown): string {
  const json = (text: () => string | undefined): string => {
    try {
      return text() ?? '';
    } catch (error) {
      return `${String(error)}`; // Cycles: not every object of ours is meant for JSON, but what it says then counts too.
    }
  };
  return [
    inspect(value, { depth: 30, showHidden: true, maxArrayLength: null, maxStringLength: null, getters: true }),
    inspect(value, { depth: 30, customInspect: false, breakLength: Number.POSITIVE_INFINITY }),
    json(() => JSON.stringify(value)),
    json(() => JSON.stringify(value, withoutCycles())),
    String(value),
    value instanceof Error ? `${value.stack} ${shown(value.cause)}` : '',
  ].join('\n');
}

function withoutCycles(): (key: string, value: unknown) => unknown {
  const seen = new Set<unknown>();
  return (_key, value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}

function expectNoSecret(...values: readonly unknown[]): void {
  for (const value of values) {
    const text = shown(value);
    for (const form of forms) {
      const at = text.search(form);
      expect(at < 0 ? '' : text.slice(Math.max(0, at - 300), at + 100)).toBe('');
    }
  }
}

const bareUrl = (): string => `amqp://localhost:${broker.port}`;

describe('a secret', () => {
  it('would be found by this search', () => {
    expect(() => expectNoSecret({ deep: { password: secret } })).toThrow();
    expect(() => expectNoSecret(new Error(`wrong: ${secret}`))).toThrow();
    expect(() => expectNoSecret({ bytes: new TextEncoder().encode(`\0u\0${secret}`) })).toThrow();
    expect(() => expectNoSecret(new Error('x', { cause: new Error(secret) }))).toThrow();
  });

  it('is in nothing that a client hands out while it works', async () => {
    const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const cause = new Error('no more');
    let asked = 0;
    const heard: unknown[] = [];
    const listen = (...values: readonly unknown[]): undefined => void heard.push(...values);
    // A listener of everything.
    const diagnostics = new Proxy<Diagnostics>({}, { get: () => listen });
    const frames: TraceEntry[] = [];
    const client = new Client(`amqp://localhost:${broker.port}`, {
      diagnostics,
      trace: { to: (entry) => frames.push(entry), bodies: true },
      credentials: () => {
        if (asked++ > 1) throw cause;
        return { username: 'u', password: secret, expiresIn: 1200 };
      },
    });
    const events: unknown[] = [];
    for (const name of ['connected', 'disconnected', 'closed'] as const) {
      client.on(name, (...values: readonly unknown[]) => events.push(values));
    }
    const renewalFailed = new Promise((resolve) => client.once('unobserved', (error) => resolve(events.push(error))));
    const connecting = client.connect();
    expectNoSecret(client, connecting);
    const info = await connecting;
    const { queue } = await client.queueDeclare({ exclusive: true });
    const publishing = client.basicPublish({ routingKey: queue, body: 'x' });
    expectNoSecret(client, connecting, publishing, client.socket(), info);
    await publishing;
    const message = await client.basicGet({ queue });
    const consumer = client.basicConsume({ queue });
    const refused = client.queueDeclare({ queue: 'nowhere', passive: true });
    const error: unknown = await refused.catch((reason: unknown) => reason);
    expectNoSecret(client, message, consumer, refused, error);
    // Asked a second time, the function returned the same; a third time it failed, and on a slow machine again by now.
    await renewalFailed;
    expect(asked).toBeGreaterThanOrEqual(3);
    expectNoSecret(connecting);
    await client.close();
    expectNoSecret(client, consumer, events, warnings.mock.calls);
    // The password went over the wire, first to log in and then as a new secret.
    const loggedIn = frames.filter(({ name }) => name === 'connection.start-ok' || name === 'connection.update-secret');
    expect(loggedIn.map(({ fields }) => fields.response ?? fields.newSecret)).toEqual([
      { bytes: `\0u\0${secret}`.length },
      ...loggedIn.slice(1).map(() => ({ bytes: secret.length })),
    ]);
    expect(loggedIn.length).toBeGreaterThan(1);
    expectNoSecret(...frames, frames.map(String).join('\n'));
    expect(heard.length).toBeGreaterThan(20);
    expectNoSecret(...heard, client.metrics(), toPrometheus(client.metrics()));
    warnings.mockRestore();
  });

  it.each<[string, () => string, ClientOptions]>([
    ['in a URL', () => broker.urlFor({ user: 'nobody', password: secret }), {}],
    ['as a value', bareUrl, { credentials: { username: 'nobody', password: secret } }],
    ['from a function', bareUrl, { credentials: () => ({ username: 'nobody', password: secret }) }],
    ['in a table', bareUrl, { credentials: { username: 'nobody', password: secret }, mechanisms: ['AMQPLAIN'] }],
    [
      'of a mechanism of the own',
      bareUrl,
      {
        credentials: { username: 'nobody', password: secret },
        mechanisms: [{ name: 'PLAIN', begin: (given) => ({ response: `\0nobody\0${given.password}` }) }],
      },
    ],
  ])('%s is in nothing of a login that is refused', async (_, target, options) => {
    const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const heard: unknown[] = [];
    const client = new Client([target(), target()], {
      ...options,
      trace: { to: (entry) => heard.push(entry, String(entry)), bodies: true },
      diagnostics: { connectStarted: (connect) => heard.push(connect), connectEnded: (...ended) => heard.push(ended) },
    });
    expectNoSecret(client);
    const connecting = client.connect();
    expectNoSecret(client, connecting);
    const error: unknown = await connecting.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(heard.length).toBeGreaterThan(6);
    expectNoSecret(client, connecting, error, warnings.mock.calls, ...heard);
    warnings.mockRestore();
  });

  it('is in nothing of a virtual host that is refused', async () => {
    const client = new Client(broker.urlFor({ user: 'u', password: secret, vhost: 'nowhere' }));
    const connecting = client.connect();
    const error: unknown = await connecting.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOT_ALLOWED' });
    expectNoSecret(client, connecting, error);
  });

  it('of a key is in nothing, not even in the socket', async () => {
    const sockets: TLSSocket[] = [];
    const server = createServer(certificates.server, (socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const key = createPrivateKey(certificates.client.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: secret })
      .toString();
    const client = new Client(`amqps://localhost:${port}`, {
      tls: { ca: certificates.ca, cert: certificates.client.cert, key, passphrase: secret },
    });
    const connected = new Promise((resolve) => server.once('secureConnection', resolve));
    const connecting = client.connect();
    await connected;
    await waitFor(() => client.socket() !== undefined);
    expect(shown(client.socket())).not.toContain('ENCRYPTED PRIVATE KEY');
    expectNoSecret(client, connecting, client.socket());
    for (const socket of sockets) socket.destroy();
    const error: unknown = await connecting.catch((reason: unknown) => reason);
    expectNoSecret(client, connecting, error);
    await new Promise((resolve) => server.close(resolve));
  });
});
