/**
 * Reads the query of an AMQP URL: the parameters of RabbitMQ's URIs, each with its range. What is unknown is refused by name.
 * Must not show a value that can be a secret, nor read a file.
 */
import { UsageError } from '@puka/errors';
import type { MechanismName } from '../session/index.ts';

/** The parameters of a query, in this client's names and units. Those that are not there are `undefined`. */
export interface UrlParameters {
  /** `heartbeat`, in seconds. */
  readonly heartbeat?: number;
  /** `connection_timeout`, in milliseconds. */
  readonly connectTimeout?: number;
  /** `channel_max`; 0, no limit, is the highest there is. */
  readonly channelMax?: number;
  /** `frame_max`, in bytes; 0, no limit, is the largest there is. */
  readonly frameMax?: number;
  /** `auth_mechanism`, as often as it appears. */
  readonly mechanisms?: readonly MechanismName[];
  /** Those about TLS, if there is one. */
  readonly tls?: UrlTlsParameters;
}

/** The parameters about TLS. */
export class UrlTlsParameters {
  /** `cacertfile`, `certfile`, `keyfile`: paths. */
  readonly files: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** `verify`. */
  readonly rejectUnauthorized: boolean | undefined;
  /** `server_name_indication`. */
  readonly serverName: string | undefined;
  readonly #passphrase: string | undefined;

  constructor(values: ReadonlyMap<string, string>) {
    const [ca, cert, key] = [values.get('cacertfile'), values.get('certfile'), values.get('keyfile')];
    this.files = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    const verify = values.get('verify');
    this.rejectUnauthorized = verify === undefined ? undefined : verify === 'verify_peer';
    this.serverName = values.get('server_name_indication');
    this.#passphrase = values.get('password');
  }

  /** `password`: that of the key file, not of the login. A method, because an inspection may call getters. */
  revealPassphrase(): string | undefined {
    return this.#passphrase;
  }
}

/** What the client needs to work at all. */
const leastChannelMax = 4;

type Check = (value: string, name: string) => void;

/** Those that every URL may have. */
const general: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['heartbeat', integer(0, 65_535)],
  ['connection_timeout', integer(1, 0x7fff_ffff)],
  ['channel_max', channelMax],
  ['frame_max', frameMax],
  ['auth_mechanism', mechanism],
]);

/** Those that go with TLS. */
const aboutTls: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['cacertfile', notEmpty],
  ['certfile', notEmpty],
  ['keyfile', notEmpty],
  ['password', () => {}],
  ['verify', oneOf('verify_peer', 'verify_none')],
  ['server_name_indication', serverName],
  // A server's option. RabbitMQ's URIs allow it, and it means nothing to a client.
  ['fail_if_no_peer_cert', oneOf('true', 'false')],
  // The rules of HTTPS for host names, which are the only ones here.
  ['customize_hostname_check', oneOf('https')],
]);

/** Known to RabbitMQ's own client, without a meaning here. */
const withoutMeaning: ReadonlyMap<string, string> = new Map([
  ['depth', 'the runtime decides how long a chain of certificates may be'],
]);

/**
 * Reads a query.
 *
 * @param query without the `?`.
 * @param isTls whether the URL is one of `amqps`.
 * @throws {UsageError} for an unknown parameter, one that appears twice, and a value out of its range.
 */
export function readUrlParameters(query: string, isTls: boolean): UrlParameters {
  if (query === '') return {};
  const values = new Map<string, string>();
  const mechanisms: MechanismName[] = [];
  for (const pair of query.split('&')) {
    const [name, value] = readPair(pair);
    checkerOf(name, isTls)(value, name);
    if (name === 'auth_mechanism') mechanisms.push(mechanism(value));
    else if (values.has(name)) throw new UsageError(`the parameter ${name} appears twice in the URL`);
    else values.set(name, value);
  }
  const heartbeat = numberOf(values.get('heartbeat'));
  const connectTimeout = numberOf(values.get('connection_timeout'));
  const channelMax = numberOf(values.get('channel_max'));
  const largestFrame = numberOf(values.get('frame_max'));
  return {
    ...(heartbeat === undefined ? {} : { heartbeat }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    ...(channelMax === undefined ? {} : { channelMax: channelMax === 0 ? 65_535 : channelMax }),
    ...(largestFrame === undefined ? {} : { frameMax: largestFrame === 0 ? 0x7fff_ffff : largestFrame }),
    ...(mechanisms.length === 0 ? {} : { mechanisms }),
    ...([...values.keys()].some((name) => aboutTls.has(name)) ? { tls: new UrlTlsParameters(values) } : {}),
  };
}

function readPair(pair: string): [name: string, value: string] {
  const equals = pair.indexOf('=');
  const name = equals < 0 ? pair : pair.slice(0, equals);
  // Anything else may be a piece of a password with a ? in it, and is not shown.
  if (!/^[a-z_]{1,40}$/i.test(name)) {
    throw new UsageError(
      'the URL has a parameter without a proper name; a ? in a user name or password is written %3F',
    );
  }
  if (equals < 0) throw new UsageError(`the parameter ${name} of the URL has no value`);
  try {
    return [name, decodeURIComponent(pair.slice(equals + 1))];
  } catch {
    throw new UsageError(`the parameter ${name} of the URL is not percent-encoded UTF-8`);
  }
}

function checkerOf(name: string, isTls: boolean): Check {
  const check = general.get(name);
  if (check !== undefined) return check;
  const tlsCheck = aboutTls.get(name);
  if (tlsCheck !== undefined) {
    if (isTls) return tlsCheck;
    throw new UsageError(`the parameter ${name} is about TLS, but the URL begins with amqp://; use amqps://`);
  }
  const why = withoutMeaning.get(name);
  if (why !== undefined) throw new UsageError(`the parameter ${name} has no meaning in this client: ${why}`);
  const known = [...general.keys(), ...aboutTls.keys()].join(', ');
  throw new UsageError(`the parameter ${name} of the URL is unknown; known are ${known}`);
}

function integer(least: number, most: number): Check {
  return (value, name) => {
    if (/^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most) return;
    throw new UsageError(`the parameter ${name} of the URL takes ${least} to ${most}`);
  };
}

function channelMax(value: string, name: string): void {
  if (value === '0') return;
  integer(leastChannelMax, 65_535)(value, name);
}

function frameMax(value: string, name: string): void {
  if (value === '0') return;
  if (/^\d{1,10}$/.test(value) && Number(value) >= 8192 && Number(value) <= 0x7fff_ffff) return;
  throw new UsageError(
    `the parameter ${name} of the URL takes 8192 to ${0x7fff_ffff}, or 0 for no limit; RabbitMQ 4.1 and later refuse less`,
  );
}

function mechanism(value: string): MechanismName {
  switch (value.toUpperCase()) {
    case 'PLAIN':
      return 'PLAIN';
    case 'AMQPLAIN':
      return 'AMQPLAIN';
    case 'EXTERNAL':
      return 'EXTERNAL';
    default:
      throw new UsageError(
        'the parameter auth_mechanism of the URL takes plain, amqplain, external; others come by the option mechanisms',
      );
  }
}

function serverName(value: string, name: string): void {
  notEmpty(value, name);
  if (value !== 'disable') return;
  throw new UsageError(
    `the parameter ${name} cannot be disable: the name of the server would not be verified; verify=verify_none turns verification off`,
  );
}

function notEmpty(value: string, name: string): void {
  if (value === '') throw new UsageError(`the parameter ${name} of the URL is empty`);
}

function oneOf(...allowed: readonly string[]): Check {
  return (value, name) => {
    if (allowed.includes(value)) return;
    throw new UsageError(`the parameter ${name} of the URL takes ${allowed.join(' or ')}`);
  };
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
