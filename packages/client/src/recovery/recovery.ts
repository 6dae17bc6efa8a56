/**
 * The one owner of recovery: decides whether another attempt follows, waits before it, has restored what was lost, and reports
 * when operations may go out again. One attempt at a time.
 * Must not connect (the lifecycle does) nor make topology again (the replay does).
 */
import { type PukaError, UsageError } from '@puka/errors';
import type { Connection } from '../connection/connection.ts';
import type { Reconnection } from '../connection/lifecycle.ts';
import { isPromised } from '../operations/returned-promise.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { ConnectionInfo } from '../session/index.ts';
import { backOffDelay } from './back-off.ts';
import type { CompleteRecoverOptions } from './recover-options.ts';
import type { Replay, RestoredCounts } from './replay.ts';
import type { RecoveryPhase } from './snapshot.ts';
import { StopConditions } from './stop-conditions.ts';

/** An attempt that is planned. */
export interface PlannedAttempt {
  /** 1 for the first since the last stable connection. */
  readonly attempt: number;
  /** Milliseconds until then. */
  readonly delayMs: number;
  /** Why it is needed. */
  readonly error: PukaError;
}

/** How a connection was recovered. */
export interface RecoveryReport {
  /** Attempts that were made. */
  readonly attempts: number;
  /** Milliseconds without a connection. */
  readonly downMs: number;
  /** The host that took the connection, with its port. */
  readonly host: string;
  /** What was made again on the new connection. */
  readonly restored: RestoredCounts;
  /** Entities that could not be restored yet and are tried again. */
  readonly waiting: number;
  /** Publishes that are sent again. */
  readonly resent: number;
}

/** What recovery needs of its client. */
export interface RecoveryHost {
  readonly deadlines: Deadlines;
  readonly life: {
    /** Begins an attempt. */
    tryAgain(): void;
    /** Everything is restored: operations may go out. */
    restored(connection: Connection, info: ConnectionInfo): void;
  };
  readonly users: {
    /** `toResend`: publishes that will be sent again. */
    readonly publisher: { readonly toResend: number };
  };
  readonly changes: {
    /** An attempt is planned. */
    planned(attempt: PlannedAttempt): void;
  };
  readonly failures: {
    /** A callback of the user's has thrown. */
    report(error: unknown): void;
  };
  now(): number;
}

/** Recovery of one client. */
export class Recovery implements Reconnection {
  phase: RecoveryPhase = 'idle';
  /** The attempt that is planned or made, or was made last. */
  attempt = 0;
  /** When the connection was lost, on the client's clock; `undefined` while there is one. */
  downSinceMs: number | undefined = undefined;
  /** When the next attempt begins, on the client's clock. */
  nextAttemptMs: number | undefined = undefined;
  /** Of the connection that has just been recovered. */
  private report: RecoveryReport | undefined = undefined;
  private readonly options: CompleteRecoverOptions | undefined;
  private readonly host: RecoveryHost;
  private readonly random: () => number;
  private readonly replay: Replay | undefined;
  private readonly conditions: StopConditions;
  private hasConnected = false;
  /** When the gate of the open connection was opened. */
  private openSinceMs: number | undefined = undefined;
  private attempts = 0;
  private undoPlan: (() => void) | undefined = undefined;

  /**
   * @param options `undefined` if the client does not recover.
   * @param random 0 to less than 1.
   */
  constructor(
    options: CompleteRecoverOptions | undefined,
    replay: Replay | undefined,
    random: () => number,
    host: RecoveryHost,
  ) {
    this.options = options;
    this.replay = replay;
    this.random = random;
    this.host = host;
    this.conditions = new StopConditions(options?.retryFor ?? 0);
  }

  follows(error: PukaError, asksForCredentials: boolean): boolean {
    const { options, hasConnected, host } = this;
    if (options === undefined || (!hasConnected && !options.initial)) return false;
    const nowMs = host.now();
    const stops = this.conditions.stops({ error, hasConnected, asksForCredentials, nowMs });
    const attempt = this.nextAttempt(nowMs);
    if (attempt > options.maxAttempts || error instanceof UsageError) return false;
    return this.askCaller(error, attempt) ?? !stops;
  }

  plan(error: PukaError): void {
    const { options, host } = this;
    if (options === undefined) return;
    const nowMs = host.now();
    this.attempt = this.nextAttempt(nowMs);
    this.openSinceMs = undefined;
    if (this.downSinceMs === undefined) {
      this.downSinceMs = nowMs;
      this.attempts = 0;
      this.replay?.connectionLost();
    }
    const delayMs = backOffDelay(this.attempt, options, this.random());
    this.phase = 'waiting';
    this.nextAttemptMs = nowMs + delayMs;
    const undo = host.deadlines.add(this.nextAttemptMs, () => this.reach());
    this.undoPlan = undo;
    this.replay?.abandon(error);
    // A listener of `notRestored` may have closed the client.
    if (this.undoPlan !== undo) return;
    host.changes.planned({ attempt: this.attempt, delayMs, error });
  }

  restore(connection: Connection, info: ConnectionInfo): void {
    this.phase = 'restoring';
    const { host } = this;
    this.replay?.run(connection.session, info, (restored, waiting) => {
      this.report = {
        attempts: this.attempts,
        downMs: host.now() - (this.downSinceMs ?? host.now()),
        host: connection.address,
        restored,
        waiting,
        resent: host.users.publisher.toResend,
      };
      host.life.restored(connection, info);
    });
  }

  cancel(): void {
    this.undoPlan?.();
    this.undoPlan = undefined;
    this.replay?.abandon();
    this.phase = 'idle';
    this.nextAttemptMs = undefined;
    this.report = undefined;
  }

  /** Operations may go out. @returns how the connection was recovered; `undefined` for the first one. */
  opened(info: ConnectionInfo): RecoveryReport | undefined {
    this.replay?.opened(info);
    this.phase = 'idle';
    this.hasConnected = true;
    this.openSinceMs = this.host.now();
    this.downSinceMs = undefined;
    this.conditions.reset();
    const { report } = this;
    this.report = undefined;
    return report;
  }

  /** Nothing more follows: the next `connect` begins from nothing. */
  ended(): void {
    this.cancel();
    this.replay?.clear();
    this.hasConnected = false;
    this.attempt = 0;
    this.attempts = 0;
    this.openSinceMs = undefined;
    this.downSinceMs = undefined;
    this.conditions.reset();
  }

  private reach(): void {
    this.undoPlan = undefined;
    this.phase = 'reaching';
    this.nextAttemptMs = undefined;
    this.attempts++;
    this.host.life.tryAgain();
  }

  /** The number of the attempt that would follow now. A connection that dies at once each time is not hammered. */
  private nextAttempt(nowMs: number): number {
    const { openSinceMs, options } = this;
    const isStable = openSinceMs !== undefined && nowMs - openSinceMs >= (options?.stableAfter ?? 0);
    return isStable ? 1 : this.attempt + 1;
  }

  private askCaller(error: PukaError, attempt: number): boolean | undefined {
    const retryIf = this.options?.retryIf;
    if (retryIf === undefined) return undefined;
    const report = (failure: unknown): void => this.host.failures.report(failure);
    try {
      const answer: unknown = retryIf(error, attempt);
      return isPromised(answer, 'recover.retryIf', report) ? undefined : answer === true;
    } catch (thrown) {
      report(thrown);
      return undefined;
    }
  }
}
