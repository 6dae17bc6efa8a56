/** Where the cases connect to, and with what: made once by the test, given to the program on each runtime. Types only. */
import type { TestCertificates } from '@puka/testkit/transport-contract';

/** An address, as `host:port`, of the server that listens there. */
export interface Places {
  readonly runtime: 'node' | 'deno' | 'bun';
  readonly certificates: TestCertificates;
  /** Paths of PEM files. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  /** RabbitMQ, in the clear. */
  readonly plain: string;
  /** The same by IPv6; `undefined` on a machine without. */
  readonly ipv6: string | undefined;
  /** The same, TLS with `verify_peer` and `fail_if_no_peer_cert`. */
  readonly tls: string;
  /** TLS with a certificate whose time is over. */
  readonly expired: string;
  /** RabbitMQ as an old one is: one that drops the connection when a login is refused. Only with `oldClient` as properties. */
  readonly dropping: string;
  /** Accepts connections, and sends nothing. */
  readonly silent: string;
  /** Accepts connections, and closes them. */
  readonly hangingUp: string;
  readonly http: string;
  readonly ssh: string;
  /** Answers with the header of AMQP 1.0. */
  readonly otherVersion: string;
  /** No server listens there. */
  readonly refused: string;
  /** The password of the user `keeper`, which no code may show. */
  readonly secret: string;
  /** OAuth 2 tokens, by subject. */
  readonly tokens: Readonly<Record<'first' | 'second', string>>;
}

/** The table `connection.start-ok` begins with, the same on every runtime, so that its bytes lie at the same place. */
export const oldClient = { platform: 'any' } as const;
