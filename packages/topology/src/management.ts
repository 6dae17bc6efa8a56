/**
 * RabbitMQ's management API, as far as a topology needs it, by the runtime's own `fetch`. Must not know a topology.
 * No password is in an error.
 */
import type { OperationOptions } from '@puka/client';
import { UsageError } from '@puka/errors';
import { ManagementFailed } from './topology-failed.ts';

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  text(): Promise<string>;
}
type Fetch = (url: string, options: object) => Promise<Answer>;
declare const fetch: Fetch;
declare function btoa(text: string): string;
declare function setTimeout(callback: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare class AbortController {
  readonly signal: { readonly aborted: boolean };
  abort(): void;
}
declare class URL {
  constructor(url: string);
  readonly protocol: string;
  readonly host: string;
  readonly pathname: string;
  readonly username: string;
  readonly password: string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array;
}

/** Where the management API is. */
export interface ManagementOptions {
  /** Such as `http://user:password@host:15672`; the user defaults to `guest`. */
  readonly url: string;
  /** The virtual host that the client is connected to. Default `/`. */
  readonly vhost?: string | undefined;
}

/** A queue of the API; it has more fields. */
export interface ToldQueue {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly auto_delete: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** An exchange of the API. */
export interface ToldExchange {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly internal: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A binding of the API. */
export interface ToldBinding {
  readonly source: string;
  readonly destination: string;
  readonly destination_type: 'queue' | 'exchange';
  readonly routing_key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A policy of the API. */
export interface ToldPolicy {
  readonly name: string;
  readonly pattern: string;
  readonly 'apply-to': string;
  readonly priority: number;
  readonly definition: Readonly<Record<string, unknown>>;
}

const defaultTimeoutMs = 30_000;

/** One virtual host, as the API shows it. */
export class Management {
  private readonly base: string;
  private readonly vhost: string;
  private readonly authorization: string;

  /** @throws {UsageError} for what is no URL of HTTP. */
  constructor(options: string | ManagementOptions) {
    const { url, vhost = '/' } = typeof options === 'string' ? { url: options } : options;
    const parts = partsOf(url);
    this.base = `${parts.protocol}//${parts.host}${parts.pathname.replace(/\/$/, '')}/api`;
    this.vhost = encodeURIComponent(vhost);
    const login = parts.username === '' ? 'guest:guest' : `${parts.username}:${parts.password}`;
    const bytes = new TextEncoder().encode(percentDecoded(login));
    this.authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
  }

  /** All exchanges. */
  exchanges(options: OperationOptions): Promise<readonly ToldExchange[]> {
    return this.list('exchanges', options);
  }

  /** All queues. */
  queues(options: OperationOptions): Promise<readonly ToldQueue[]> {
    return this.list('queues', options);
  }

  /** All bindings, those of the default exchange too. */
  bindings(options: OperationOptions): Promise<readonly ToldBinding[]> {
    return this.list('bindings', options);
  }

  /** All policies. */
  policies(options: OperationOptions): Promise<readonly ToldPolicy[]> {
    return this.list('policies', options);
  }

  /** Makes a policy, or replaces the one of that name. */
  async putPolicy(name: string, policy: Omit<ToldPolicy, 'name'>, options: OperationOptions): Promise<void> {
    await this.ask('PUT', `policies/${this.vhost}/${encodeURIComponent(name)}`, options, policy);
  }

  /** Takes a policy away; one that is not there is no error. */
  async deletePolicy(name: string, options: OperationOptions): Promise<void> {
    await this.ask('DELETE', `policies/${this.vhost}/${encodeURIComponent(name)}`, options).catch((error: unknown) => {
      if (!(error instanceof ManagementFailed) || error.status !== 404) throw error;
    });
  }

  private async list<Told>(what: string, options: OperationOptions): Promise<readonly Told[]> {
    const answer = parsed(await this.ask('GET', `${what}/${this.vhost}`, options));
    if (Array.isArray(answer)) return answer;
    throw new ManagementFailed(`GET ${this.base}/${what}/${this.vhost} did not return a JSON list`);
  }

  private async ask(method: string, path: string, options: OperationOptions, body?: object): Promise<string> {
    const { signal, timeout = defaultTimeoutMs } = options;
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    throwIfAborted(signal);
    signal?.addEventListener('abort', abort);
    const timer = setTimeout(abort, timeout);
    const where = `${method} ${this.base}/${path}`;
    try {
      const answer = await fetch(`${this.base}/${path}`, {
        method,
        headers: { authorization: this.authorization, 'content-type': 'application/json' },
        signal: controller.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.ok) return text;
      throw new ManagementFailed(`${where} was answered with ${answer.status}: ${text.slice(0, 200)}`, {
        status: answer.status,
      });
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof ManagementFailed) throw error;
      const why = controller.signal.aborted ? `sent no answer in ${timeout} ms` : 'could not be reached';
      throw new ManagementFailed(`${where} ${why}`, {
        cause: error,
        blame: 'network',
        retryable: true,
        outcome: 'unknown',
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}

function partsOf(url: string): URL {
  let parts: URL;
  try {
    parts = new URL(url);
  } catch {
    throw new UsageError("the URL of the management API cannot be read; it takes 'http://user:password@host:15672'");
  }
  if (parts.protocol === 'http:' || parts.protocol === 'https:') return parts;
  throw new UsageError(`the URL of the management API begins with ${parts.protocol}; it takes http: or https:`);
}

/** @throws {UsageError} for a percent sign without two hexadecimal digits. */
function percentDecoded(login: string): string {
  try {
    return decodeURIComponent(login);
  } catch {
    throw new UsageError('user or password in the URL of the management API has a % without two hexadecimal digits');
  }
}

/** @returns `undefined` for text that is not JSON, such as the page of a proxy. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function throwIfAborted(signal: OperationOptions['signal']): void {
  if (signal?.aborted === true) throw signal.reason;
}
