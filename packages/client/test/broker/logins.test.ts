import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import {
  AuthenticationFailed,
  Client,
  type ClientOptions,
  ConnectionBroken,
  type ConnectionInfo,
  LimitExceeded,
  type LoginMechanism,
  NotAllowed,
  UnsupportedProtocol,
  UsageError,
} from '@puka/client';
import { type Broker, launchBroker, signedToken, tokenConfig, waitFor } from '@puka/testkit';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { defaultConnector } from '@puka/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const certificates = makeCertificates();
const { ca } = certificates;
const identity = { cert: certificates.client.cert, key: certificates.client.key };
const tls = { ca, ...identity };
/** Frames before tune; RabbitMQ takes 4096 by default, and 8192 since 4.1. */
const initialFrameMax = 12_000;
let broker: Broker;

beforeAll(async () => {
  broker = await launchBroker({
    plugins: ['rabbitmq_auth_mechanism_ssl', 'rabbitmq_auth_backend_oauth2'],
    tls: { ...certificates.server, ca, requireClientCertificate: true },
    config: {
      'auth_mechanisms.1': 'PLAIN',
      'auth_mechanisms.2': 'AMQPLAIN',
      'auth_mechanisms.3': 'EXTERNAL',
      'auth_mechanisms.4': 'RABBIT-CR-DEMO',
      ssl_cert_login_from: 'common_name',
      initial_frame_max: initialFrameMax,
      'auth_backends.1': 'internal',
      'auth_backends.2': 'rabbit_auth_backend_oauth2',
    },
    advanced: tokenConfig,
  });
});

afterAll(() => broker?.stop());

/** Connects, looks, and closes. */
async function login(url: string | readonly string[], options: ClientOptions = {}): Promise<ConnectionInfo> {
  const client = new Client(url, options);
  try {
    return await client.connect();
  } finally {
    await client.close();
  }
}

async function refusal(url: string, options: ClientOptions = {}): Promise<unknown> {
  return login(url, options).then(
    () => 'logged in',
    (error: unknown) => error,
  );
}

const plainUrl = (): string => `amqp://localhost:${broker.port}`;
const tlsUrl = (): string => `amqps://localhost:${broker.tlsPort}`;

/** RabbitMQ's own example of a mechanism with a challenge. */
function demo(answer: (password: string) => string | Promise<string>): LoginMechanism {
  return {
    name: 'RABBIT-CR-DEMO',
    begin: ({ username, password }) => ({ response: username, answer: () => answer(password) }),
  };
}

describe('a login', () => {
  it.each(['PLAIN', 'AMQPLAIN'] as const)('by %s is taken, and refused at once with a wrong password', async (name) => {
    expect((await login(broker.url, { mechanisms: [name] })).serverProperties.product).toBe('RabbitMQ');
    const error = await refusal(broker.urlFor({ password: 'topsecret' }), { mechanisms: [name] });
    expect(error).toBeInstanceOf(AuthenticationFailed);
    expect(error).toMatchObject({ replyCode: 403, retryable: false });
    expect(String(error)).toContain(`refused using authentication mechanism ${name}`);
  });

  it('takes user names and passwords of any letters', async () => {
    await broker.addUser('jörg@x', 'p/ä?#%:@');
    await login(plainUrl(), { credentials: { username: 'jörg@x', password: 'p/ä?#%:@' } });
    await login(`amqp://j%C3%B6rg%40x:p%2F%C3%A4%3F%23%25%3A%40@localhost:${broker.port}`, {
      mechanisms: ['AMQPLAIN'],
    });
  });

  it('by a mechanism of the own with a challenge is taken, at once and later, and refused', async () => {
    await login(broker.url, { mechanisms: [demo((password) => `My password is ${password}`)] });
    await login(broker.url, { mechanisms: [demo(async (password) => `My password is ${password}`)] });
    const error = await refusal(broker.url, { mechanisms: [demo(() => 'My password is topsecret')] });
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', replyCode: 403 });
  });

  it('fails with the reason of the mechanism that fails', async () => {
    const cause = new Error('no ticket');
    const error = await refusal(broker.url, { mechanisms: [demo(() => Promise.reject(cause))] });
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', cause });
  });

  it('by certificate is not offered without one', async () => {
    const error = await refusal(broker.url, { mechanisms: ['EXTERNAL'] });
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(String(error)).toMatch(/the broker offers "[^"]*PLAIN[^"]*".*client certificate/);
  });

  it('as long as the broker is configured to take is answered, a longer one is told to be too long', async () => {
    const long = (size: number) => ({ credentials: { username: 'u', password: 'x'.repeat(size) } });
    expect(await refusal(plainUrl(), long(9000))).toMatchObject({ code: 'AUTHENTICATION_FAILED', replyCode: 403 });
    const error = await refusal(plainUrl(), long(initialFrameMax));
    expect(error).toBeInstanceOf(LimitExceeded);
    expect(String(error)).toMatch(/login of \d+ bytes.*initial_frame_max/);
  });
});

describe('a virtual host', () => {
  it('that is not there, or closed to the user, is NotAllowed in the words of the broker', async () => {
    await broker.addUser('stranger', 'pw');
    await broker.addVhost('closed');
    const missing = await refusal(broker.urlFor({ vhost: 'nowhere' }));
    expect(missing).toBeInstanceOf(NotAllowed);
    expect(String(missing)).toContain('vhost nowhere not found');
    const closed = await refusal(broker.urlFor({ user: 'stranger', password: 'pw', vhost: 'closed' }));
    expect(closed).toMatchObject({ code: 'NOT_ALLOWED', replyCode: 530, method: 'connection.open' });
    expect(String(closed)).toContain("access to vhost 'closed' refused for user 'stranger'");
  });

  it('that is full, or a user who has too many connections, is NotAllowed too', async () => {
    await broker.addVhost('full');
    const limits = { vhost: 'full', component: 'vhost-limits', name: 'limits', value: { 'max-connections': 1 } };
    await broker.define({ parameters: [limits] });
    const first = new Client(broker.urlFor({ vhost: 'full' }));
    await first.connect();
    // RabbitMQ counts a connection in its own time, after open-ok.
    const isFull = () => broker.evaluate('rabbit_vhost_limit:is_over_connection_limit(<<"full">>)');
    await waitFor(async () => (await isFull()) === '{true,1}');
    expect(String(await refusal(broker.urlFor({ vhost: 'full' })))).toMatch(/NotAllowed.*connection limit \(1\)/);
    await first.close();
    await broker.addUser('limited', 'pw');
    await broker.define({ users: [{ name: 'limited', password: 'pw', tags: '', limits: { 'max-connections': 0 } }] });
    const error = await refusal(broker.urlFor({ user: 'limited', password: 'pw' }));
    expect(String(error)).toMatch(/NotAllowed.*user connection limit \(0\)/);
  });
});

describe('a token', () => {
  it('logs in, and a bad one is refused', async () => {
    await login(plainUrl(), { credentials: { username: '', password: signedToken('app') } });
    const bad = { username: '', password: `${signedToken('app')}x` };
    expect(await refusal(plainUrl(), { credentials: bad })).toBeInstanceOf(AuthenticationFailed);
  });

  it('is renewed on the open connection before it expires', async () => {
    const given: string[] = [];
    const client = new Client(plainUrl(), {
      credentials: () => {
        const password = signedToken('renewed', given.length);
        given.push(password);
        return given.length === 1 ? { username: '', password, expiresIn: 1 } : { username: '', password };
      },
    });
    await client.connect();
    await waitFor(async () =>
      (await broker.log()).includes("user 'renewed' updated secret, reason: credentials renewed"),
    );
    expect(new Set(given).size).toBe(2);
    expect(await client.queueDeclare({ exclusive: true })).toMatchObject({ messageCount: 0 });
    await client.close();
    await client.connect();
    expect(new Set(given).size).toBe(3);
    await client.close();
  });

  it('that the broker refuses ends the connection as NotAllowed', async () => {
    let calls = 0;
    const client = new Client(plainUrl(), {
      recover: false,
      credentials: () => {
        calls++;
        return { username: '', password: calls === 1 ? signedToken('once') : 'no token', expiresIn: 1 };
      },
    });
    const lost = new Promise<unknown>((resolve) => client.once('disconnected', resolve));
    await client.connect();
    const error = await lost;
    expect(error).toMatchObject({ code: 'NOT_ALLOWED', method: 'connection.update-secret' });
    expect(String(error)).toMatch(/New secret was refused|Secret update failed/); // by 4.3 in other words
  });

  it('that cannot be fetched again is reported, and the connection goes on', async () => {
    const cause = new Error('server of tokens is down');
    let calls = 0;
    const client = new Client(plainUrl(), {
      credentials: () => {
        if (calls++ > 0) throw cause;
        return { username: '', password: signedToken('lonely'), expiresIn: 1000 };
      },
    });
    const told = new Promise<unknown>((resolve) => client.once('unobserved', resolve));
    await client.connect();
    expect(await told).toMatchObject({ code: 'AUTHENTICATION_FAILED', cause });
    expect(await client.queueDeclare({ exclusive: true })).toMatchObject({ messageCount: 0 });
    await client.close();
  });
});

describe('a login over TLS', () => {
  it('is by certificate, EXTERNAL', async () => {
    await broker.addUser('client', 'unused');
    const info = await login(tlsUrl(), { tls, mechanisms: ['EXTERNAL'] });
    expect(info.serverProperties.product).toBe('RabbitMQ');
    await login(`${tlsUrl()}?auth_mechanism=external`, { tls });
    // RabbitMQ writes its log in its own time.
    await waitFor(async () => (await broker.log()).includes("user 'client' authenticated"));
  });

  it('is by password, where that is forbidden in the clear', async () => {
    await login(tlsUrl(), { tls, allowCleartextPassword: false });
  });

  it.each([
    ['an unknown authority', { tls: { ...tls, ca: certificates.strangerCa } }, 'give it as ca'],
    ['an authority that is not named', { tls: identity }, 'give it as ca'],
    ['no certificate of its own', { tls: { ca } }, 'the server wants a client certificate'],
  ])('with %s reports what is wrong', async (_, options, words) => {
    const error = await refusal(tlsUrl(), options);
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(String(error)).toContain(words);
  });

  it('with another host name reports what is wrong, or that the runtime cannot look for it', async () => {
    const error = await refusal(tlsUrl(), { tls: { ...tls, serverName: 'other.example' } });
    const isDeno = defaultConnector.runtime === 'deno';
    expect(error).toBeInstanceOf(isDeno ? UsageError : ConnectionBroken);
    expect(String(error)).toContain(isDeno ? 'cannot' : 'set serverName');
  });

  it('reports that the certificate of the broker has expired', async () => {
    const server = createServer(certificates.expired);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const error = await refusal(`amqps://localhost:${port}`, { tls: { ca } });
    expect(String(error)).toMatch(/^ConnectionBroken: .*certificate has expired/);
    await new Promise((resolve) => server.close(resolve));
  });

  it('on a port without TLS, and the other way about, reports that', async () => {
    const noTls = await refusal(`amqps://localhost:${broker.port}`, { tls });
    expect(noTls).toBeInstanceOf(ConnectionBroken);
    expect(String(noTls)).toContain('does the server speak TLS on this port?');
    const onlyTls = await refusal(`amqp://localhost:${broker.tlsPort}`);
    expect(onlyTls).toBeInstanceOf(UnsupportedProtocol);
    expect(String(onlyTls)).toContain('use amqps://');
  });

  it('reads the files that the URL names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'puka-pem-'));
    const file = async (name: string, pem: string): Promise<string> => {
      await writeFile(join(folder, name), pem);
      return encodeURIComponent(join(folder, name));
    };
    const query = [
      `cacertfile=${await file('ca.pem', ca)}`,
      `certfile=${await file('cert.pem', identity.cert)}`,
      `keyfile=${await file('key.pem', identity.key)}`,
    ].join('&');
    await login(`${tlsUrl()}?${query}&verify=verify_peer&server_name_indication=localhost`);
    await rm(folder, { recursive: true });
    const error = await refusal(`${tlsUrl()}?${query}`);
    expect(error).toMatchObject({ code: 'USAGE_ERROR', cause: { code: 'ENOENT' } });
  });
});
