/**
 * Where to connect and how: the hosts with what their URLs set, the login, TLS. Holds the secrets and shows them to no caller
 * that only inspects them: all that is secret is private to the runtime. Must not connect by itself: `connect-round.ts` tries one
 * host after the other.
 */
import { UsageError } from '@puka/errors';
import { defaultConnector, freshBytes, type TlsOptions, type TransportConnector } from '@puka/transport';
import { inThisContext } from '../runtime/async-context.ts';
import { platformName } from '../runtime/runtime.ts';
import { checkSessionOptions, type MechanismName, type SaslMechanism, type SessionOptions } from '../session/index.ts';
import { type HostAddress, readAmqpUrl } from './amqp-url.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { type CredentialsSource, HiddenCredentials, readCredentials } from './credentials.ts';
import { type AnswerSink, type LoginMechanism, sessionMechanism } from './login-mechanism.ts';

/** The login, or the function that returns it. */
export type LoginSource = HiddenCredentials | (() => unknown);

/** One host, ready to be tried. */
export interface Host {
  readonly address: HostAddress;
  readonly mechanisms: readonly (MechanismName | LoginMechanism)[];
  readonly login: LoginSource;
}

const defaultMechanisms: readonly MechanismName[] = ['PLAIN', 'AMQPLAIN'];
const defaultTimeoutMs = 10_000;

/** The hosts of one client, and how to log in there. */
export class ConnectTarget {
  /** Makes the connections. */
  readonly connector: TransportConnector;
  readonly #hosts: readonly Host[];
  readonly #options: ConnectionOptions;

  /**
   * @param urls at least one.
   * @throws {UsageError} for a bad URL, an option out of its range, and what contradicts itself.
   */
  constructor(urls: string | readonly string[], options: ConnectionOptions) {
    const list = typeof urls === 'string' ? [urls] : urls;
    if (!Array.isArray(list) || list.length === 0) {
      throw new UsageError('a client takes a URL as text, or a list of one or more');
    }
    const { credentials, mechanisms } = options;
    if (mechanisms !== undefined && !Array.isArray(mechanisms)) {
      throw new UsageError(
        `mechanisms is ${mechanisms === null ? 'null' : typeof mechanisms}; it takes a list: new Client('amqps://localhost', { mechanisms: ['EXTERNAL'] })`,
      );
    }
    // Called again and again, from timers too: always in the context of the call that set it.
    const bound = typeof credentials === 'function' ? inThisContext(credentials) : credentials;
    this.#options = { ...options, credentials: bound };
    this.connector = options.transport ?? defaultConnector;
    this.#hosts = list.map((url) => this.#readHost(url));
    for (const host of this.#hosts) checkSessionOptions(this.sessionOptions(host, defaultTimeoutMs, () => undefined));
  }

  /** The hosts, in the order of a round. */
  hostsInOrder(): readonly Host[] {
    return this.#options.shuffleHosts === true ? shuffled(this.#hosts, this.random) : this.#hosts;
  }

  /** Whether a function returns the credentials of one of the hosts. */
  get asksForCredentials(): boolean {
    return this.#hosts.some(({ login }) => typeof login === 'function');
  }

  /** Time for one host of several, and for all of them together, in milliseconds: `connectTimeout`, or the URL's. */
  timeoutMs(host: Host): number {
    return host.address.parameters.connectTimeout ?? this.#options.connectTimeout ?? defaultTimeoutMs;
  }

  /** What the session of a host is made of, but for its credentials. */
  sessionOptions(host: Host, timeoutMs: number, session: () => AnswerSink | undefined): SessionOptions {
    const { address, mechanisms } = host;
    const { parameters } = address;
    const options = this.#options;
    return {
      vhost: address.vhost,
      mechanisms: mechanisms.map((each) => forSession(each, session)),
      isEncrypted: address.tls,
      allowCleartextPassword: options.allowCleartextPassword,
      heartbeat: parameters.heartbeat ?? options.heartbeat,
      frameMax: parameters.frameMax ?? options.frameMax,
      channelMax: parameters.channelMax ?? options.channelMax,
      maxMessageBytes: options.maxMessageBytes,
      newBody: freshBytes,
      maxTableDepth: options.maxTableDepth,
      connectTimeoutMs: timeoutMs,
      closeTimeoutMs: options.closeTimeout,
      clientProperties: options.clientProperties,
      connectionName: options.connectionName,
      platform: options.runtime?.platform ?? platformName(),
    };
  }

  /** How to speak TLS with a host, files read; `undefined` if it is not spoken. Rejects with `UsageError`. */
  async tlsOptions(host: Host): Promise<TlsOptions | undefined> {
    if (!host.address.tls) return undefined;
    const given = this.#options.tls ?? {};
    const { tls } = host.address.parameters;
    if (tls === undefined) return given;
    const { files, rejectUnauthorized, serverName } = tls;
    const passphrase = tls.revealPassphrase();
    const [ca, cert, key] = await Promise.all([
      this.#readFile(files.ca, 'cacertfile'),
      this.#readFile(files.cert, 'certfile'),
      this.#readFile(files.key, 'keyfile'),
    ]);
    return {
      ...given,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(passphrase === undefined ? {} : { passphrase }),
    };
  }

  /** Milliseconds since 1970. */
  readonly wallClock = (): number => this.#options.runtime?.wallClock?.() ?? Date.now();

  /** 0 to less than 1. */
  readonly random = (): number => this.#options.runtime?.random?.() ?? Math.random();

  #readHost(url: unknown): Host {
    if (typeof url !== 'string') throw new UsageError(`a URL is a string, not ${typeof url}`);
    const { credentials, mechanisms, tls } = this.#options;
    const address = readAmqpUrl(url, tls === undefined ? 'by-scheme' : 'tls');
    if (credentials !== undefined && address.credentials !== undefined) {
      throw new UsageError('the URL has a login, and so has the option credentials; give one of them');
    }
    const files = address.parameters.tls?.files ?? {};
    if (Object.keys(files).length > 0 && this.connector.readFile === undefined) {
      throw new UsageError(
        'cacertfile, certfile and keyfile in the URL name files, and this transport cannot read them; give the PEM texts ' +
          'by the options tls.ca, tls.cert and tls.key',
      );
    }
    return {
      address,
      mechanisms: address.parameters.mechanisms ?? mechanisms ?? defaultMechanisms,
      login: address.credentials ?? loginSource(credentials, this.wallClock),
    };
  }

  async #readFile(path: string | undefined, parameter: string): Promise<Uint8Array | undefined> {
    if (path === undefined) return undefined;
    try {
      return await this.connector.readFile?.(path);
    } catch (cause) {
      throw new UsageError(`the file that ${parameter} names in the URL cannot be read: ${path}`, { cause });
    }
  }
}

/** The options without those that hold secrets: for code that must not keep them. */
export function withoutSecrets(options: ConnectionOptions): ConnectionOptions {
  const { credentials, tls, mechanisms, clientProperties, ...rest } = options;
  return rest;
}

function loginSource(given: CredentialsSource | undefined, wallClock: () => number): LoginSource {
  if (given === undefined) return new HiddenCredentials('guest', 'guest');
  return typeof given === 'function' ? given : readCredentials(given, wallClock());
}

function forSession(
  mechanism: MechanismName | LoginMechanism,
  session: () => AnswerSink | undefined,
): MechanismName | SaslMechanism {
  if (typeof mechanism === 'string') return mechanism;
  if (typeof mechanism !== 'object' || mechanism === null || typeof mechanism.begin !== 'function') {
    throw new UsageError('a mechanism is one of PLAIN, AMQPLAIN, EXTERNAL, or an object with name and begin()');
  }
  return sessionMechanism(mechanism, session);
}

/** Fisher and Yates. */
function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const rest = [...items];
  const order: Item[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return order;
}
