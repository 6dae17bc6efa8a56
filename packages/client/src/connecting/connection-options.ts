/** The options of `new Client` about its connections: all but those of recovery. Types only. */
import type { TlsOptions, TransportConnector } from '@puka/transport';
import type { FieldTableInput } from '@puka/wire';
import type { Runtime } from '../runtime/runtime.ts';
import type { MechanismName } from '../session/index.ts';
import type { CredentialsSource } from './credentials.ts';
import type { LoginMechanism } from './login-mechanism.ts';

/** The options of `new Client` about logging in and about hosts. */
export interface ConnectingOptions {
  /**
   * User name and password, or a function that returns them. Not together with a login in the URL. The function is
   * called before each connection is opened, and again before what it returned expires: the broker then gets the new password on
   * the open connection. Default: those of the URL, else `guest`.
   */
  readonly credentials?: CredentialsSource | undefined;
  /**
   * The ways to log in that are allowed, the preferred one first; the first that the broker offers too is taken. `EXTERNAL`
   * is by client certificate. Default `['PLAIN', 'AMQPLAIN']`.
   */
  readonly mechanisms?: readonly (MechanismName | LoginMechanism)[] | undefined;
  /** `false`: the password never goes out without TLS. Default `true`. */
  readonly allowCleartextPassword?: boolean | undefined;
  /** Tries the hosts of several URLs in random order, chosen anew for each connection. Default `false`: in the given order. */
  readonly shuffleHosts?: boolean | undefined;
}

/** The options of `new Client` about its connections. */
export interface ConnectionOptions extends ConnectingOptions {
  /**
   * Heartbeat interval in seconds, 0 to 65535; 0 is off. A shorter one that the broker offers is used; if the broker offers
   * none, this one holds. Default 60.
   */
  readonly heartbeat?: number | undefined;
  /**
   * Whether publishes are confirmed by the broker. Default: if the broker supports it. `true` insists: `connect()` fails
   * if it cannot. `false` emulates it, for brokers without confirms, and costs no less: a second message, which the broker
   * returns, follows what is written. A publish ends when the broker has routed it, which may be before its queues have it: a
   * passive declare just after it may count fewer messages.
   */
  readonly pubacks?: boolean | undefined;
  /**
   * Which code moves the bytes. `'manual'`: nothing is read, written, timed or called back but by `onRead`, `onWrite`,
   * `runAnyCallbacks`, `wait`, `loop` and `handleTimeout`. Default `'auto'`.
   */
  readonly drive?: 'auto' | 'manual' | undefined;
  /** Added to the client properties that are sent to the broker. */
  readonly clientProperties?: FieldTableInput | undefined;
  /** Shown by RabbitMQ's management page. */
  readonly connectionName?: string | undefined;
  /** TLS options; `amqps://` alone means `{}`. Given with `amqp://` they turn TLS on. */
  readonly tls?: TlsOptions | undefined;
  /** The largest frame offered, in bytes, 8192 at least; 0 leaves it to the broker. Default 131072. */
  readonly frameMax?: number | undefined;
  /** The highest channel number offered, 4 to 65535; 0 leaves it to the broker. Default 2047. */
  readonly channelMax?: number | undefined;
  /**
   * Largest message taken, in bytes. A larger one ends its consumer, or rejects its `basicGet`, with `LimitExceeded`; the connection
   * stays open. Default 128 MiB.
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Maximum nesting depth of tables and arrays, in headers and arguments, the outermost counted, 1 to 512. Deeper ones of yours are
   * a `UsageError`; of a message received, `headers` throws `LimitExceeded`. Default 64.
   */
  readonly maxTableDepth?: number | undefined;
  /** Outbound bytes above which `needsDrain` is true; at twice that a publish fails with `LimitExceeded`. Default 64 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Publishes without an outcome above which `needsDrain` is true. Default 4096: more keep the broker no busier, and take memory. */
  readonly maxOpenPublishes?: number | undefined;
  /**
   * Inbound bytes not yet handed out above which the socket is not read. Default 64 MiB. It is read on while an answer is
   * awaited: a confirm or a reply comes after the messages that were sent before it.
   */
  readonly maxInboundBytes?: number | undefined;
  /**
   * Time to connect, in milliseconds: for credentials, name look-up, TCP, TLS and handshake, of all hosts together. Of
   * several hosts each gets an even share of what is left. Default 10 000.
   */
  readonly connectTimeout?: number | undefined;
  /** Time the broker has to answer our close, in milliseconds. Default 5000. */
  readonly closeTimeout?: number | undefined;
  /** Makes the connections. Default: the adapter of the runtime. */
  readonly transport?: TransportConnector | undefined;
  /** Clock and timers. Default: those of the runtime. */
  readonly runtime?: Runtime | undefined;
}
