/** What a relay allows. It must not enforce anything. */

/** The limits of a relay, each of them positive. */
export interface RelayLimits {
  /** Most WebSockets at a time. */
  readonly maxConnections: number;
  /** Most WebSockets at a time from one IP address. */
  readonly maxConnectionsPerAddress: number;
  /** Largest WebSocket message, in bytes. */
  readonly maxMessageBytes: number;
  /** From the first byte of a connection until the broker has answered AMQP, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** A connection on which nothing is sent in either direction for so long is closed, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/** The limits that apply if none is given. */
export const defaultLimits: RelayLimits = {
  maxConnections: 1000,
  maxConnectionsPerAddress: 1000,
  maxMessageBytes: 256 * 1024,
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
};

/** The clock of a relay. */
export interface RelayTimers {
  /** Milliseconds. */
  now(): number;
  /** Runs a callback once, `ms` from now. @returns what takes it back. */
  after(ms: number, run: () => void): () => void;
}

/** The clock of the machine. */
export const machineTimers: RelayTimers = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
