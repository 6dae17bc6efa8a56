/** Everything the cases connect to: a RabbitMQ that asks for certificates, one behind a proxy, and strangers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Client } from '@puka/client';
import { type Broker, claimPort, faultProxy, launchBroker, refusedPort, signedToken, tokenConfig } from '@puka/testkit';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { oldClient, type Places } from './places.ts';

/** A broker with users, for the tests of logging in. */
export interface LoginScene {
  readonly broker: Broker;
  /** @param runtime who asks: its tokens are its own. */
  places(runtime: Places['runtime']): Places;
  stop(): Promise<void>;
}

const certificates = makeCertificates();
const secret = 'top+secret/word';

export async function loginScene(): Promise<LoginScene> {
  const stops: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.reverse()) await each();
  };
  try {
    const broker = await loginBroker();
    stops.push(() => broker.stop());
    const folder = mkdtempSync(join(tmpdir(), 'puka-logins-'));
    stops.push(() => rmSync(folder, { recursive: true, force: true }));
    const common = {
      certificates,
      secret,
      files: pemFiles(folder),
      plain: `127.0.0.1:${broker.port}`,
      tls: `127.0.0.1:${broker.tlsPort}`,
      expired: await expiredPlace(broker, stops),
      ipv6: await ipv6Place(broker, stops),
      dropping: await droppingPlace(broker, stops),
      refused: `127.0.0.1:${await refusedPort()}`,
      ...(await strangers(stops)),
    };
    const tokensOf = (runtime: string): Places['tokens'] => ({
      first: signedToken(`first-${runtime}`),
      second: signedToken(`second-${runtime}`),
    });
    return {
      broker,
      stop,
      places: (runtime) => ({ ...common, runtime, tokens: tokensOf(runtime) }),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A RabbitMQ with users and virtual hosts of every kind, which takes every login. */
async function loginBroker(): Promise<Broker> {
  const broker = await launchBroker({
    plugins: ['rabbitmq_auth_mechanism_ssl', 'rabbitmq_auth_backend_oauth2'],
    tls: { ...certificates.server, ca: certificates.ca, requireClientCertificate: true },
    config: {
      'auth_mechanisms.1': 'PLAIN',
      'auth_mechanisms.2': 'AMQPLAIN',
      'auth_mechanisms.3': 'EXTERNAL',
      'auth_mechanisms.4': 'RABBIT-CR-DEMO',
      ssl_cert_login_from: 'common_name',
      'auth_backends.1': 'internal',
      'auth_backends.2': 'rabbit_auth_backend_oauth2',
    },
    advanced: tokenConfig,
  });
  try {
    await broker.define(definitions());
    return broker;
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

/** RabbitMQ's definitions of all that is not there from the start; one call, where each by `ctl` takes its seconds. */
function definitions(): object {
  const everything = { configure: '.*', write: '.*', read: '.*' };
  const user = (name: string, limits = {}): object => ({ name, password: 'pw', tags: '', limits });
  return {
    users: [user('client'), user('limited', { 'max-connections': 0 }), { ...user('keeper'), password: secret }],
    vhosts: ['full', 'closed'].map((name) => ({ name })),
    permissions: [
      ...['client', 'limited', 'keeper'].map((name) => ({ user: name, vhost: '/', ...everything })),
      { user: 'guest', vhost: 'full', ...everything },
    ],
    parameters: [{ vhost: 'full', component: 'vhost-limits', name: 'limits', value: { 'max-connections': 0 } }],
  };
}

function pemFiles(folder: string): Places['files'] {
  const file = (name: string, pem: string): string => {
    const path = join(folder, name);
    writeFileSync(path, pem);
    return path;
  };
  const { ca, client } = certificates;
  return { ca: file('ca.pem', ca), cert: file('client.pem', client.cert), key: file('client.key', client.key) };
}

/** A second listener of the node, with the certificate that has expired. */
async function expiredPlace(broker: Broker, stops: (() => unknown)[]): Promise<string> {
  if (broker.kind !== 'installed') return listening(createTlsServer(certificates.expired), stops);
  const { cert, key } = certificates.expired;
  writeFileSync(join(broker.folder, 'expired.pem'), `${cert}${key}`);
  const { port, release } = await claimPort();
  stops.push(release);
  const file = JSON.stringify(join(broker.folder, 'expired.pem'));
  const options = `[{certfile, ${file}}, {keyfile, ${file}}]`;
  await broker.evaluate(`rabbit_networking:start_ssl_listener({"127.0.0.1", ${port}}, ${options}, 1)`);
  return `127.0.0.1:${port}`;
}

/** The node by ::1, through a pipe; `undefined` where the machine has no IPv6. */
async function ipv6Place(broker: Broker, stops: (() => unknown)[]): Promise<string | undefined> {
  const target = { host: broker.host, port: broker.port };
  const server = createServer((socket) => {
    const onward = connect(target);
    socket.pipe(onward).pipe(socket);
    for (const side of [socket, onward]) side.on('error', () => {});
  });
  try {
    return await listening(server, stops, '::1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL') return undefined;
    throw error;
  }
}

/**
 * Changes what the client announces that it can do, `authentication_failure_close`, on the way: RabbitMQ then treats it as it does old
 * clients, and only drops the connection when it refuses the login. Where the words lie a first connection shows.
 */
async function droppingPlace(broker: Broker, stops: (() => unknown)[]): Promise<string> {
  const proxy = await faultProxy({ target: broker, record: true });
  stops.push(() => proxy.stop());
  const scout = new Client(`amqp://127.0.0.1:${proxy.port}`, { clientProperties: oldClient });
  await scout.connect();
  await scout.close();
  const at = Buffer.from(proxy.recorded('clientToServer')).indexOf('authentication_failure_close');
  if (at < 0) throw new Error('the client does not say authentication_failure_close');
  proxy.corrupt(at, 'clientToServer');
  return `127.0.0.1:${proxy.port}`;
}

/** Servers that are no brokers. */
async function strangers(
  stops: (() => unknown)[],
): Promise<Pick<Places, 'http' | 'ssh' | 'otherVersion' | 'silent' | 'hangingUp'>> {
  const answering = (answer: (socket: Socket) => void): Promise<string> => listening(createServer(answer), stops);
  return {
    http: await listening(createHttpServer(), stops),
    ssh: await answering((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n')),
    otherVersion: await answering((socket) => socket.end(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 1, 0, 0))),
    silent: await answering(() => {}),
    hangingUp: await answering((socket) => socket.end()),
  };
}

/** @returns its address; IPv6 in brackets. */
async function listening(server: Server, stops: (() => unknown)[], host = '127.0.0.1'): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return host.includes(':') ? `[${host}]:${address.port}` : `${host}:${address.port}`;
}
