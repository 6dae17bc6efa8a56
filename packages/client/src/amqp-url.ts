/** Reads an AMQP URL. Must not connect, and must not put a password into an error. RabbitMQ: the URI specification. */
import { UsageError } from '@puka/errors';

/** The parts of a URL, decoded. */
export interface AmqpAddress {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

const form = /^(amqps?):\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?(?:\/([^/?#]*))?$/i;

/**
 * Reads `amqp://user:password@host:port/vhost`. What is left out is `guest`, `guest`, `localhost`, 5672 (with `amqps`
 * 5671) and `/`; an empty vhost means `/`.
 *
 * @throws {UsageError} for anything else.
 */
export function parseAmqpUrl(url: string): AmqpAddress {
  const parts = form.exec(url);
  if (parts === null) throw new UsageError('the URL is not of the form amqp://user:password@host:port/vhost');
  const [, scheme = '', login = '', host = '', port = '', vhost = ''] = parts;
  const tls = scheme.toLowerCase() === 'amqps';
  const colon = login.indexOf(':');
  const username = colon < 0 ? login : login.slice(0, colon);
  return {
    tls,
    host: host.startsWith('[') ? host.slice(1, -1) : decode(host, 'host') || 'localhost',
    port: port === '' ? (tls ? 5671 : 5672) : readPort(port),
    username: decode(username, 'user') || 'guest',
    password: colon < 0 ? 'guest' : decode(login.slice(colon + 1), 'password'),
    vhost: decode(vhost, 'vhost') || '/',
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (port < 1 || port > 65_535) throw new UsageError(`the port in the URL is ${text}; it takes 1 to 65535`);
  return port;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError(`the ${part} in the URL is not percent-encoded UTF-8`);
  }
}
