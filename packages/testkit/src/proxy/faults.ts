// The faults of one direction. It must know nothing of sockets.

/** The two directions. */
export type Direction = 'clientToServer' | 'serverToClient';

/** Where a fault applies. */
export type Where = Direction | 'both';

/** The clock of the proxy. A `VirtualClock` is one. */
export interface ProxyTimers {
  /** Milliseconds. */
  now(): number;
  /** Runs a callback once, `ms` from now. @returns what takes it back. */
  after(ms: number, run: () => void): () => void;
}

/** Whether to invert the byte at an offset of a connection's stream, counted from 0. */
export type Corruption = (byte: number, offset: number) => boolean;

/** The faults of one direction; the proxy changes them, the lanes of all connections look at them. */
export interface Faults {
  latencyMs: number;
  /** Infinity: as fast as it goes. */
  bytesPerSecond: number;
  /** Largest piece written at once. Infinity: as it comes. */
  pieceBytes: number;
  /** Nothing is read nor forwarded, not even the end. */
  blackHole: boolean;
  corruption: Corruption | undefined;
  /** Bytes that a connection may still carry after its `dropCountedFrom`; undefined: no limit. */
  dropAfterBytes: number | undefined;
}

/** A direction without faults. */
export function noFaults(): Faults {
  return {
    latencyMs: 0,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    pieceBytes: Number.POSITIVE_INFINITY,
    blackHole: false,
    corruption: undefined,
    dropAfterBytes: undefined,
  };
}

/** The clock of the machine. Its timers hold the event loop open. */
export const realTimers: ProxyTimers = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
