/** The state of recovery, as plain data. Types only. */
import type { RecordedBinding, RecordedQueue } from '../topology/recorded-entity.ts';

/** What recovery does just now. */
export type RecoveryPhase = 'idle' | 'waiting' | 'reaching' | 'restoring';

/** A queue or a binding that could not be restored and is tried again. */
export interface RetriedEntity {
  /** What could not be restored. */
  readonly entity: RecordedQueue | RecordedBinding;
  /** Why it failed the last time. */
  readonly error: Error;
  /** Milliseconds since it failed first. */
  readonly sinceMs: number;
}

/** A snapshot of `client.recovery`. */
export interface RecoverySnapshot {
  /** Whether the option `recover` is on. */
  readonly isOn: boolean;
  /**
   * `idle`: nothing to recover. `waiting`: before the next attempt. `reaching`: an attempt is made. `restoring`: a connection
   * is open, and what was lost is made again.
   */
  readonly phase: RecoveryPhase;
  /** The attempt that is planned or made; 0 while there is nothing to recover. */
  readonly attempt: number;
  /** Milliseconds since the connection was lost; 0 while there is one. */
  readonly downMs: number;
  /** Milliseconds until the next attempt, if one is planned. */
  readonly nextAttemptMs: number | undefined;
  /** What waits for the next connection. */
  readonly held: {
    /** Operations besides publishes. */
    readonly operations: number;
    /** Publishes without an outcome. */
    readonly publishes: number;
    /** Bytes of these publishes. */
    readonly bytes: number;
  };
  /** What was declared and will be made again. */
  readonly recorded: {
    /** Exchanges. */
    readonly exchanges: number;
    /** Queues. */
    readonly queues: number;
    /** Bindings, those of exchanges among them. */
    readonly bindings: number;
  };
  /** What could not be restored and is tried again. */
  readonly retrying: readonly RetriedEntity[];
}
