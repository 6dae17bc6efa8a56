/** Where the cases connect to, and with what: made once by the test, given to the program on each runtime. Types only. */
import type { TestCertificates } from '@puka/testkit/transport-contract';

/** An address, as `host:port`, stands for the server that listens there. */
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
  /** RabbitMQ as an old one is: what drops the line where a login is refused. Only with `oldClient` as properties. */
  readonly dropping: string;
  /** Takes connections, and says nothing. */
  readonly silent: string;
  /** Takes connections, and hangs up. */
  readonly hangingUp: string;
  readonly http: string;
  readonly ssh: string;
  /** Answers with the header of AMQP 1.0. */
  readonly otherVersion: string;
  /** Nobody listens there. */
  readonly refused: string;
  /** The password of the user `keeper`, which nobody may show. */
  readonly secret: string;
  /** OAuth 2 tokens, by subject. */
  readonly tokens: Readonly<Record<'first' | 'second', string>>;
}

/** The table `connection.start-ok` begins with, the same on every runtime, so that its bytes lie at the same place. */
export const oldClient = { platform: 'any' } as const;
