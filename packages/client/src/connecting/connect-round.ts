/**
 * One round over the hosts: which is next, how long it may take, whether to go on after a failure, and what to call it when
 * all have failed. Time is an argument. Must not make sessions or timers: the client does.
 */
import { AuthenticationFailed, ConnectionBroken, HandshakeTimeout, type PukaError, UsageError } from '@puka/errors';
import type {
  AbortSignalLike,
  ConnectOptions,
  Transport,
  TransportConnector,
  TransportHandlers,
} from '@puka/transport';
import { untilAborted } from '../runtime/abort.ts';
import type { SessionCredentials, SessionOptions } from '../session/index.ts';
import type { ConnectTarget, Host, LoginSource } from './connect-target.ts';
import { CredentialRenewal, type RenewalHost } from './credential-renewal.ts';
import { askForCredentials, HiddenCredentials } from './credentials.ts';
import type { AnswerSink } from './login-mechanism.ts';

/** What an attempt asks of the session that is made for it. A `Session` is one. */
export interface AttemptedSession extends AnswerSink {
  /** The login. */
  useCredentials(credentials: SessionCredentials): void;
}

/** Credentials, and when they came. */
interface Given {
  readonly credentials: HiddenCredentials;
  readonly atMs: number;
}

/** One try of one host. */
export class Attempt implements TransportConnector {
  /** What its session is made of. */
  readonly sessionOptions: SessionOptions;
  /** Where to connect. */
  readonly address: Pick<ConnectOptions, 'host' | 'port'>;
  /** The session made for it; to be set before `connect()`. */
  session: AttemptedSession | undefined = undefined;
  readonly #host: Host;
  readonly #round: ConnectRound;
  readonly #target: ConnectTarget;
  #given: Given | undefined = undefined;
  #asksForCredentials = false;

  constructor(host: Host, timeoutMs: number, target: ConnectTarget, round: ConnectRound) {
    this.#host = host;
    this.#target = target;
    this.#round = round;
    this.address = { host: host.address.host, port: host.address.port };
    this.sessionOptions = target.sessionOptions(host, timeoutMs, () => this.session);
  }

  /** The runtime whose sockets are used. */
  get runtime(): TransportConnector['runtime'] {
    return this.#target.connector.runtime;
  }

  /** The host that is tried. */
  get host(): Host {
    return this.#host;
  }

  /** Where it goes, for messages. */
  get where(): string {
    const { host, port } = this.address;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** Asks for credentials, reads the files that the URL names, then connects. */
  async connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport> {
    const { signal } = options;
    await this.#getCredentials(signal);
    const tls = await this.#target.tlsOptions(this.#host);
    return this.#target.connector.connect({ ...options, ...(tls === undefined ? {} : { tls }) }, handlers);
  }

  /** Keeps the credentials of the open connection valid. @returns `undefined` if they never expire. */
  renewal(host: Omit<RenewalHost, 'ask'>): CredentialRenewal | undefined {
    const { login } = this.#host;
    const given = this.#given;
    if (given === undefined || login instanceof HiddenCredentials) return undefined;
    const { wallClock } = this.#target;
    const renewal = new CredentialRenewal({
      ask: () => askForCredentials(login, wallClock),
      send: (secret, done) => host.send(secret, done),
      now: () => host.now(),
      schedule: (atMs, call) => host.schedule(atMs, call),
      failed: (error) => host.failed(error),
    });
    renewal.plan(given.credentials.lifetimeMs, given.atMs);
    return renewal;
  }

  /** Names the caller's function in a time-out that the function caused, not the connection. */
  explain(error: PukaError): PukaError {
    if (!this.#asksForCredentials || !(error instanceof HandshakeTimeout)) return error;
    return new HandshakeTimeout(
      `no connection within ${this.sessionOptions.connectTimeoutMs} ms: the credentials function did not answer`,
    );
  }

  /** Whether a login that was refused here would be refused there too. */
  logsInLike(other: Host): boolean {
    return sameLogin(this.#host.login, other.login);
  }

  async #getCredentials(signal: AbortSignalLike | undefined): Promise<void> {
    const { mechanisms, login } = this.#host;
    if (mechanisms.every((mechanism) => mechanism === 'EXTERNAL')) return;
    this.#asksForCredentials = true;
    const given = await untilAborted(this.#round.credentialsOf(login), signal);
    this.#asksForCredentials = false;
    this.#given = given;
    const { username } = given.credentials;
    this.session?.useCredentials({ username, password: given.credentials.reveal() });
  }
}

/** One round over the hosts. */
export class ConnectRound {
  readonly #target: ConnectTarget;
  readonly #now: () => number;
  readonly #asked = new Map<LoginSource, Promise<Given>>();
  readonly #failures: { readonly where: string; readonly error: PukaError }[] = [];
  readonly #hostCount: number;
  #waiting: readonly Host[];
  #current: Attempt | undefined = undefined;
  readonly #deadlineMs: number;

  /**
   * The time of all hosts together begins now.
   *
   * @param lost the host that was lost: the round begins after it, and tries it last.
   */
  constructor(target: ConnectTarget, now: () => number, lost?: Host) {
    this.#target = target;
    this.#now = now;
    this.#waiting = startingAfter(target.hostsInOrder(), lost);
    this.#hostCount = this.#waiting.length;
    this.#deadlineMs = now() + Math.max(...this.#waiting.map((host) => target.timeoutMs(host)));
  }

  /** The host to try now: at first, and when `failed()` has returned that there is another. It gets an even share of the time left. */
  next(): Attempt {
    const [host, ...rest] = this.#waiting;
    if (host === undefined) throw new UsageError('the round is over');
    const share = (this.#deadlineMs - this.#now()) / this.#waiting.length;
    this.#waiting = rest;
    const timeoutMs = Math.max(1, Math.round(Math.min(share, this.#target.timeoutMs(host))));
    this.#current = new Attempt(host, timeoutMs, this.#target, this);
    return this.#current;
  }

  /** The host that is tried, or was tried last. */
  get host(): Host | undefined {
    return this.#current?.host;
  }

  /** Takes the failure of the host that was tried. @returns whether `next()` has another. */
  failed(failure: PukaError): boolean {
    const attempt = this.#current;
    if (attempt === undefined) return false;
    const error = attempt.explain(failure);
    this.#failures.push({ where: attempt.where, error });
    if (error instanceof UsageError || this.#now() >= this.#deadlineMs) this.#waiting = [];
    // Asking elsewhere with what was refused would only lock the account.
    if (isRefusal(error)) this.#waiting = this.#waiting.filter((host) => !attempt.logsInLike(host));
    return this.#waiting.length > 0;
  }

  /** Keeps the credentials of the host that took the connection valid. @returns `undefined` if they never expire. */
  renewal(host: Omit<RenewalHost, 'ask'>): CredentialRenewal | undefined {
    return this.#current?.renewal(host);
  }

  /** What to call it that all have failed. */
  get error(): PukaError {
    const { length } = this.#failures;
    const last = this.#failures[length - 1]?.error ?? new HandshakeTimeout('no host was tried');
    if (this.#hostCount === 1 || last instanceof UsageError) return last;
    const refusal = this.#failures.find(({ error }) => isRefusal(error));
    if (refusal !== undefined) return refusal.error;
    const errors = this.#failures.map(({ error }) => error);
    const tried = length === this.#hostCount ? `none of the ${length} hosts` : `none of ${length} hosts`;
    const texts = this.#failures.map(({ where, error }) => `${where}: ${error.message}`);
    return new ConnectionBroken(`${tried} took the connection: ${texts.join('; ')}`, {
      outcome: 'not-sent',
      retryable: errors.some(({ retryable }) => retryable),
      cause: new AggregateError(errors, 'the failure of each host, in the order they were tried'),
    });
  }

  /** For attempts: asked once in a round, however many hosts there are. */
  credentialsOf(login: LoginSource): Promise<Given> {
    const existing = this.#asked.get(login);
    if (existing !== undefined) return existing;
    const asked = askForCredentials(login, this.#target.wallClock).then((credentials) => ({
      credentials,
      atMs: this.#now(),
    }));
    this.#asked.set(login, asked);
    return asked;
  }
}

/** The hosts in their order, beginning after one of them. */
function startingAfter(hosts: readonly Host[], lost: Host | undefined): readonly Host[] {
  const at = lost === undefined ? -1 : hosts.indexOf(lost);
  return at < 0 ? hosts : [...hosts.slice(at + 1), ...hosts.slice(0, at + 1)];
}

/** Whether the broker has refused the login; a dropped line that may only mean so is none. */
function isRefusal(error: PukaError): boolean {
  return error instanceof AuthenticationFailed && !error.retryable;
}

function sameLogin(one: LoginSource, other: LoginSource): boolean {
  if (one instanceof HiddenCredentials && other instanceof HiddenCredentials) return one.equals(other);
  return one === other;
}
