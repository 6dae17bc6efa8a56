/** How a broker is started. Types and defaults only. */
import type { TimeMode } from './clock.ts';

/** What a broker reports of itself and offers when a connection is opened. */
export interface OfferOptions {
  /** `version` in the server properties. The broker behaves as 3.10 whatever it is. Default `'3.10.8'`. */
  readonly version?: string;
  /** `frame_max` offered, in bytes. Default 131072. */
  readonly frameMax?: number;
  /** `channel_max` offered. Default 2047. */
  readonly channelMax?: number;
  /** Heartbeat interval offered, in seconds; 0 offers none. Default 60. */
  readonly heartbeat?: number;
}

/** The options of `startBroker()`. */
export interface BrokerOptions extends OfferOptions {
  /** The port to listen on, on 127.0.0.1. Default: one that is free. */
  readonly port?: number;
  /** `false`: no port is opened, and clients come by `broker.transport()` alone. Default `true`. */
  readonly listen?: boolean;
  /** Whether time passes by itself; `broker.advance()` puts the clock forward in both cases. Default `'real'`. */
  readonly time?: TimeMode;
  /** Virtual hosts besides `/`. */
  readonly vhosts?: readonly string[];
  /** Messages that are remembered of each queue for `broker.published()`. Default 1000. */
  readonly historyLimit?: number;
  /** Largest body taken, in bytes. Default 128 MiB. */
  readonly maxMessageBytes?: number;
  /** How long a message may be unacked, in milliseconds. Default 1 800 000. */
  readonly consumerTimeoutMs?: number;
}

/** The parts of a URL that a test may want to vary. */
export interface UrlParts {
  /** Default `guest`. */
  readonly user?: string;
  /** Default `guest`. */
  readonly password?: string;
  /** Default `/`. */
  readonly vhost?: string;
}

/** What a user may do in a vhost: regular expressions over the names of queues and exchanges; each is `.*` by default. */
export interface PermissionOptions {
  /** Default `/`. */
  readonly vhost?: string;
  /** A regular expression: names of what the user may declare and delete. Default: everything. */
  readonly configure?: string;
  /** Where the user may publish to and bind from. Default: everything. */
  readonly write?: string;
  /** What the user may consume and bind to. Default: everything. */
  readonly read?: string;
}
