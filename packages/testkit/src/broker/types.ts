// The words of the launcher: its options, and what a running broker offers.
// It must hold no code that does anything, so that every file of the folder may import it.

/** Called with what the launcher is doing, one short line of text at a time. */
export type OnProgress = (text: string) => void;

/** Key and certificates of a node that also listens for TLS; all PEM text. */
export interface BrokerTls {
  /** The server's certificate, followed by its chain if there is one. */
  readonly cert: string;
  readonly key: string;
  /** The authority that signs client certificates. Default: none is asked for. */
  readonly ca?: string;
  /** Refuse clients without a certificate signed by `ca`. Default false. */
  readonly requireClientCertificate?: boolean;
}

/** What a node is started with. */
export interface LaunchOptions {
  /**
   * Settings of rabbitmq.conf, over the launcher's own: an object of keys and values, or lines (`key = value`) in one
   * string or an array. A setting of the same key replaces the launcher's.
   */
  readonly config?: Readonly<Record<string, string | number | boolean>> | string | readonly string[];
  /** The text of advanced.config, Erlang terms. Default: none. */
  readonly advanced?: string;
  /** Plugins to enable, as `rabbitmq_management`. Default: none. */
  readonly plugins?: readonly string[];
  /** Environment variables for the server and for `ctl`, over the launcher's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Also listen for TLS, see {@link Broker.tlsUrl}. Default: no. */
  readonly tls?: BrokerTls;
  /**
   * A node of the installed server whose Erlang cookie and epmd the new one shares, so that `rabbitmqctl join_cluster` can
   * join them. It has to be stopped last. Default: the node shares nothing.
   */
  readonly beside?: Broker;
  /** How long the node may take until it answers, in milliseconds. Default 90000. */
  readonly startTimeoutMs?: number;
  /**
   * Where the server may come from when none is installed: installed by apt, or run by docker. Default true; false:
   * fail instead.
   */
  readonly provision?: boolean;
  /** Receives progress messages. Default: none. */
  readonly onProgress?: OnProgress;
}

/** The parts of an AMQP URI that a test may want to vary. */
export interface UrlParts {
  /** Default guest. */
  readonly user?: string;
  /** Default guest. */
  readonly password?: string;
  /** Default `/`. */
  readonly vhost?: string;
  /** Default false. */
  readonly tls?: boolean;
}

/** One queue as {@link Broker.listQueues} returns it. */
export interface QueueReport {
  readonly name: string;
  readonly messages: number;
  readonly consumers: number;
  readonly durable: boolean;
  readonly type: string;
}

/** Anything that answers AMQP at a url and can be given back. */
export interface BrokerEndpoint {
  /** With user and password, as a client takes it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The server's version in its own words, as `3.10.8`. */
  readonly version: string;
  /**
   * Releases the broker: a launched node ends and leaves neither process nor file, a foreign one is left as it is.
   * May be called twice.
   */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A private RabbitMQ node, made by `launchBroker`. It dies with the process that launched it, however that ends. */
export interface Broker extends BrokerEndpoint {
  /** Erlang's name of the node, as `puka-4f2a@localhost`. */
  readonly nodeName: string;
  /** Where the node came from. */
  readonly kind: 'installed' | 'docker';
  /** Port of the TLS listener, where `tls` was asked for. */
  readonly tlsPort: number | undefined;
  /** `amqps://` url, where `tls` was asked for. */
  readonly tlsUrl: string | undefined;
  /** Port of the HTTP API, if the plugin `rabbitmq_management` was asked for. */
  readonly managementPort: number | undefined;
  /** Operating system's id of the beam process, undefined while the node is down or when it runs in docker. */
  readonly pid: number | undefined;
  /** Folder of data, log and configuration; gone after `stop()`. */
  readonly folder: string;

  /** The url for another user, password or virtual host of this node. */
  urlFor(parts: UrlParts): string;
  /** Everything the server has logged so far. */
  log(): Promise<string>;

  /**
   * Runs `rabbitmqctl` with these arguments on the node. @returns its output, without the blanks around. Rejects with
   * its complaint.
   */
  ctl(...args: readonly string[]): Promise<string>;
  /**
   * Evaluates an Erlang expression on the node; where Debian's `erl_call` is there it takes some 10 ms, a hundredth of
   * what `ctl` takes.
   * @returns the value as Erlang prints it (`~0tp`).
   */
  evaluate(expression: string): Promise<string>;

  /** Ends the node by SIGKILL, as a crash does; its data stays for `restart`. */
  kill(): Promise<void>;
  /** Ends the node in good order (clients get 320 CONNECTION_FORCED); its data stays for `restart`. */
  shutdown(): Promise<void>;
  /**
   * Starts the node again on its old port with its data; one that runs is shut down first. Resolves when it answers.
   */
  restart(): Promise<void>;

  /** Adds a user, with all permissions on `vhost` (default `/`) and the tags given (default none). */
  addUser(
    user: string,
    password: string,
    options?: { readonly vhost?: string; readonly tags?: readonly string[] },
  ): Promise<void>;
  /** Adds a virtual host, with all permissions on it for `user` (default guest). */
  addVhost(vhost: string, options?: { readonly user?: string }): Promise<void>;
  /**
   * Sets the patterns a user may configure, write and read in a virtual host (default `/`, each pattern default `.*`).
   */
  setPermissions(
    user: string,
    options?: { readonly vhost?: string; readonly configure?: string; readonly write?: string; readonly read?: string },
  ): Promise<void>;
  /**
   * Adds what is in RabbitMQ's definitions, in one short call where each `ctl` takes a second.
   * @param definitions as its management exports them: users, vhosts, permissions, parameters, queues …
   */
  define(definitions: object): Promise<void>;
  /** The queues of a virtual host, default `/`. */
  listQueues(vhost?: string): Promise<QueueReport[]>;
  /** Closes every client's connection with 320 CONNECTION_FORCED. */
  closeAllConnections(reason?: string): Promise<void>;
  /** Raises or clears the memory alarm: while it is on, the broker does not read from publishing connections. */
  setMemoryAlarm(state: 'on' | 'off'): Promise<void>;
}

/**
 * There is no broker, and what to do about it. Not an error of AMQP, so it is not in the tree of
 * `@puka/errors`.
 */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}
