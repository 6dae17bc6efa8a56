import {
  AuthenticationFailed,
  ConnectionBroken,
  HandshakeTimeout,
  NotAllowed,
  type PukaError,
  UsageError,
} from '@puka/errors';
import { VirtualClock } from '@puka/testkit';
import type { ConnectOptions, Transport, TransportConnector } from '@puka/transport';
import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../src/client-options.ts';
import { ConnectRound } from '../../src/connecting/connect-round.ts';
import { ConnectTarget } from '../../src/connecting/connect-target.ts';
import type { Credentials } from '../../src/connecting/credentials.ts';
import { Abort } from '../../src/runtime/abort.ts';

/** Asked to connect, it writes down how, and fails. */
function recorder(readFile?: TransportConnector['readFile']) {
  const asked: ConnectOptions[] = [];
  const connector: TransportConnector = {
    runtime: 'memory',
    connect: (options): Promise<Transport> => {
      asked.push(options);
      return Promise.reject(new ConnectionBroken('refused', { outcome: 'not-sent' }));
    },
    ...(readFile === undefined ? {} : { readFile }),
  };
  return { asked, connector };
}

function round(urls: string | readonly string[], options: ClientOptions = {}) {
  const clock = new VirtualClock();
  return { clock, round: new ConnectRound(new ConnectTarget(urls, options), clock.now) };
}

/** Tries every host, each with the next of the failures. @returns the hosts tried. */
function tryAll(connecting: ConnectRound, failures: readonly PukaError[]): string[] {
  const tried: string[] = [];
  for (const failure of failures) {
    tried.push(connecting.next().where);
    if (!connecting.failed(failure)) break;
  }
  return tried;
}

const broken = new ConnectionBroken('refused');
const noHandlers = { onData() {}, onReadable() {}, onDrain() {}, onEnd() {}, onClose() {} };

describe('the hosts', () => {
  it('are tried in their order until one is open', () => {
    const { round: connecting } = round(['amqp://a', 'amqps://b', 'amqp://[::1]:7']);
    expect(tryAll(connecting, [broken, broken, broken])).toEqual(['a:5672', 'b:5671', '[::1]:7']);
    expect(() => connecting.next()).toThrow('over');
  });

  it('are tried in an order of chance where that is asked for, each once', () => {
    const urls = ['amqp://a', 'amqp://b', 'amqp://c', 'amqp://d'];
    const orders = [0, 0.3, 0.6, 0.99].map((value) => {
      const runtime = { ...noRuntime, random: () => value };
      return tryAll(round(urls, { shuffleHosts: true, runtime }).round, [broken, broken, broken, broken]).join(' ');
    });
    expect(orders[0]).toBe('a:5672 b:5672 c:5672 d:5672');
    expect(orders[3]).toBe('d:5672 c:5672 b:5672 a:5672');
    for (const order of orders) expect(order.split(' ').sort()).toEqual(['a:5672', 'b:5672', 'c:5672', 'd:5672']);
  });

  it('share the time: each gets an even part of what is left', () => {
    const { round: connecting, clock } = round(['amqp://a', 'amqp://b', 'amqp://c'], { connectTimeout: 9000 });
    const times: unknown[] = [];
    for (const used of [3000, 1000]) {
      times.push(connecting.next().sessionOptions.connectTimeoutMs);
      clock.advance(used);
      connecting.failed(broken);
    }
    times.push(connecting.next().sessionOptions.connectTimeoutMs);
    expect(times).toEqual([3000, 3000, 5000]);
  });

  it('are not tried beyond the time', () => {
    const { round: connecting, clock } = round(['amqp://a', 'amqp://b'], { connectTimeout: 1000 });
    connecting.next();
    clock.advance(1000);
    expect(connecting.failed(new HandshakeTimeout('late'))).toBe(false);
    expect(() => connecting.next()).toThrow('over');
    expect(connecting.error.message).toContain('none of 1 hosts');
  });

  it('have the time of their URL where it says one', () => {
    const { round: connecting } = round('amqp://a?connection_timeout=70', { connectTimeout: 9000 });
    expect(connecting.next().sessionOptions.connectTimeoutMs).toBe(70);
  });
});

describe('a failure', () => {
  it('of the only host is the outcome', () => {
    const { round: connecting } = round('amqp://a');
    tryAll(connecting, [broken]);
    expect(connecting.error).toBe(broken);
  });

  it('of all hosts names each', () => {
    const { round: connecting } = round(['amqp://a', 'amqp://b']);
    const failures = [broken, new NotAllowed('no such vhost')];
    tryAll(connecting, failures);
    const { error } = connecting;
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(error.message).toBe('none of the 2 hosts took the connection: a:5672: refused; b:5672: no such vhost');
    expect(error).toMatchObject({ outcome: 'not-sent', retryable: true });
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect(error.cause).toMatchObject({ errors: failures });
  });

  it('of all hosts is worth repeating only where one of them is', () => {
    const { round: connecting } = round(['amqp://a', 'amqp://b']);
    tryAll(connecting, [new NotAllowed('x', { retryable: false }), new NotAllowed('x', { retryable: false })]);
    expect(connecting.error.retryable).toBe(false);
  });

  it('of the login is not repeated elsewhere with the same credentials', () => {
    const { round: connecting } = round(['amqp://u:p@a', 'amqp://u:p@b', 'amqp://other:p@c']);
    const refused = new AuthenticationFailed('refused');
    expect(tryAll(connecting, [refused, broken, broken])).toEqual(['a:5672', 'c:5672']);
    expect(connecting.error).toBe(refused);
  });

  it('of a credentials function is not repeated either', () => {
    const credentials = (): Credentials => ({ username: 'u', password: 'p' });
    const { round: connecting } = round(['amqp://a', 'amqp://b'], { credentials });
    expect(tryAll(connecting, [new AuthenticationFailed('refused'), broken])).toEqual(['a:5672']);
  });

  it('that is only probably one of the login is no reason to stop', () => {
    const { round: connecting } = round(['amqp://a', 'amqp://b']);
    const dropped = new AuthenticationFailed('dropped', { retryable: true });
    expect(tryAll(connecting, [dropped, broken])).toEqual(['a:5672', 'b:5672']);
  });

  it('of the caller ends the round', () => {
    const { round: connecting } = round(['amqp://a', 'amqp://b']);
    const usage = new UsageError('no such file');
    expect(tryAll(connecting, [usage, broken])).toEqual(['a:5672']);
    expect(connecting.error).toBe(usage);
  });
});

describe('an attempt', () => {
  const connect = async (
    connecting: ConnectRound,
    signal?: Abort,
  ): Promise<{ readonly used: unknown[]; readonly error: unknown }> => {
    const used: unknown[] = [];
    const attempt = connecting.next();
    attempt.session = {
      useCredentials: ({ username, password }) => used.push([username, password]),
      answerChallenge: () => false,
      failChallenge: () => {},
    };
    const error: unknown = await attempt
      .connect({ ...attempt.address, ...(signal === undefined ? {} : { signal }) }, noHandlers)
      .catch((reason: unknown) => reason);
    connecting.failed(broken);
    return { used, error };
  };

  it('has the credentials of its URL, those of the option, or guest', async () => {
    const { connector } = recorder();
    const own = { username: 'x', password: 'y' };
    expect((await connect(round('amqp://u:p@a', { transport: connector }).round)).used).toEqual([['u', 'p']]);
    expect((await connect(round('amqp://a', { transport: connector, credentials: own }).round)).used).toEqual([
      ['x', 'y'],
    ]);
    expect((await connect(round('amqp://a', { transport: connector }).round)).used).toEqual([['guest', 'guest']]);
  });

  it('asks for credentials before it opens anything, once in a round', async () => {
    const { connector, asked } = recorder();
    let calls = 0;
    const credentials = (): Promise<Credentials> => {
      expect(asked).toHaveLength(calls);
      calls++;
      return Promise.resolve({ username: 'u', password: `p${calls}` });
    };
    const { round: connecting } = round(['amqp://a', 'amqp://b'], { transport: connector, credentials });
    expect((await connect(connecting)).used).toEqual([['u', 'p1']]);
    expect((await connect(connecting)).used).toEqual([['u', 'p1']]);
    expect([calls, asked.length]).toEqual([1, 2]);
  });

  it('opens nothing where there are no credentials', async () => {
    const { connector, asked } = recorder();
    const cause = new Error('no');
    const { error } = await connect(
      round('amqp://a', { transport: connector, credentials: () => Promise.reject(cause) }).round,
    );
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', cause });
    expect(asked).toEqual([]);
  });

  it('asks for none where only a certificate logs in', async () => {
    const { connector } = recorder();
    const credentials = (): never => {
      throw new Error('asked');
    };
    const { used, error } = await connect(
      round('amqps://a?auth_mechanism=external', { transport: connector, credentials }).round,
    );
    expect([used, String(error)]).toEqual([[], 'ConnectionBroken: refused']);
  });

  it('is given up while it asks', async () => {
    const { connector } = recorder();
    const abort = new Abort();
    const { round: connecting } = round('amqp://a', { transport: connector, credentials: () => new Promise(() => {}) });
    const attempt = connect(connecting, abort);
    abort.abort('late');
    expect((await attempt).error).toBe('late');
  });

  it('speaks TLS as the URL and the options say', async () => {
    const { connector, asked } = recorder((path) => Promise.resolve(new TextEncoder().encode(`PEM of ${path}`)));
    const tls = { ca: 'given', minVersion: 'TLSv1.3' } as const;
    await connect(round('amqp://a', { transport: connector }).round);
    await connect(round('amqps://a', { transport: connector }).round);
    await connect(round('amqp://a', { transport: connector, tls }).round);
    const query = 'cacertfile=ca&certfile=c&keyfile=k&password=pp&verify=verify_none&server_name_indication=sni';
    await connect(round(`amqps://a?${query}`, { transport: connector, tls }).round);
    const pem = (name: string): Uint8Array => new TextEncoder().encode(`PEM of ${name}`);
    expect(asked).toEqual([
      { host: 'a', port: 5672 },
      { host: 'a', port: 5671, tls: {} },
      { host: 'a', port: 5671, tls },
      {
        host: 'a',
        port: 5671,
        tls: {
          minVersion: 'TLSv1.3',
          ca: pem('ca'),
          cert: pem('c'),
          key: pem('k'),
          passphrase: 'pp',
          rejectUnauthorized: false,
          serverName: 'sni',
        },
      },
    ]);
  });

  it('reports which file it cannot read', async () => {
    const cause = new Error('ENOENT');
    const { connector, asked } = recorder(() => Promise.reject(cause));
    const { error } = await connect(round('amqps://a?cacertfile=/no/ca.pem', { transport: connector }).round);
    expect(error).toMatchObject({ code: 'USAGE_ERROR', cause });
    expect(String(error)).toMatch(/cacertfile.*\/no\/ca\.pem/);
    expect(asked).toEqual([]);
  });
});

const noRuntime = {
  now: () => 0,
  startTimer: () => ({}),
  stopTimer: () => {},
  atTurnEnd: () => {},
  warn: () => {},
};
