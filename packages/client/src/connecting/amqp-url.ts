/**
 * Reads an AMQP URL. RabbitMQ: the URI specification, and its query parameters (`url-parameters.ts`).
 * Must not connect, and must not put a password, nor what may be a piece of one, into an error.
 */
import { UsageError } from '@puka/errors';
import { HiddenCredentials } from './credentials.ts';
import { readUrlParameters, type UrlParameters } from './url-parameters.ts';

/** The parts of a URL, decoded. */
export interface HostAddress {
  readonly tls: boolean;
  /** A name or an IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  /** The login of the URL; `undefined` if it has none. */
  readonly credentials: HiddenCredentials | undefined;
  readonly parameters: UrlParameters;
}

const form =
  /^(?<scheme>amqps?):\/\/(?:(?<login>[^@/?#]*)@)?(?<host>\[[^\]@/?#]*\]|[^:@/?#]*)(?::(?<port>\d*))?(?:\/(?<vhost>[^/?#]*))?(?:\?(?<query>[^#]*))?$/i;

/**
 * Reads `amqp://user:password@host:port/vhost?heartbeat=10`. What is left out is `guest`, `guest`, `localhost`, 5672 (with
 * `amqps` 5671) and `/`; an empty vhost means `/`.
 *
 * @param transport `tls` requires TLS, whatever the scheme is.
 * @throws {UsageError} for anything else.
 */
export function readAmqpUrl(url: string, transport: 'tls' | 'by-scheme' = 'by-scheme'): HostAddress {
  const parts = form.exec(url)?.groups;
  if (parts === undefined) {
    throw new UsageError(
      'the URL is not of the form amqp://user:password@host:port/vhost; / ? # @ : in a part are percent-encoded',
    );
  }
  const { scheme = '', login, host = '', port = '', vhost = '', query = '' } = parts;
  const tls = transport === 'tls' || scheme.toLowerCase() === 'amqps';
  return {
    tls,
    host: readHost(host),
    port: port === '' ? (tls ? 5671 : 5672) : readPort(port),
    vhost: decode(vhost, 'vhost') || '/',
    credentials: login === undefined ? undefined : readLogin(login),
    parameters: readUrlParameters(query, tls),
  };
}

/** Letters and digits of any script, and the characters between them in a name or an IPv4 address. */
const hostName = /^[\p{L}\p{N}\p{M}._-]*$/u;
/** An IPv6 address, with the zone if it has one. */
const ipv6 = /^[\da-f:.]+(?:%[\w.-]+)?$/i;

/** What was given is not shown: without an @ after it, it may be a user name or a piece of a password. */
function readHost(host: string): string {
  const isBracketed = host.startsWith('[');
  const name = decode(isBracketed ? host.slice(1, -1) : host, 'host');
  if (isBracketed ? ipv6.test(name) : hostName.test(name)) return name || 'localhost';
  throw new UsageError(
    'the host in the URL has a character that no host has; it takes letters, digits, dots, hyphens and _, or [an IPv6 address]',
  );
}

function readLogin(login: string): HiddenCredentials {
  const colon = login.indexOf(':');
  const username = decode(colon < 0 ? login : login.slice(0, colon), 'user') || 'guest';
  return new HiddenCredentials(username, colon < 0 ? 'guest' : decode(login.slice(colon + 1), 'password'));
}

function readPort(digits: string): number {
  const port = Number(digits);
  // The digits are not shown: without an @ after them they may be a password.
  if (port < 1 || port > 65_535) throw new UsageError('the port in the URL is out of range; it takes 1 to 65535');
  return port;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError(`the ${part} in the URL is not percent-encoded UTF-8`);
  }
}
