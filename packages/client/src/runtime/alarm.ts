/**
 * One timer for one changing deadline: armed while its owner works by itself, disarmed while the program drives by hand.
 * Must not know what is due.
 */
import type { Runtime, Timer } from './runtime.ts';

/** Timers take no more than this, in milliseconds. */
const longestTimerMs = 0x7fff_ffff;

/** What an alarm asks of its owner. */
export interface AlarmHost {
  /** Whether the timer may run just now. */
  readonly isAutomatic: boolean;
  /** When `expired` is due, on the runtime's clock; `Infinity` for never. */
  readonly nextDeadlineMs: number;
  /** Whether the process has to run until then. */
  readonly keepsProcess: boolean;
  /** The time has come, or the longest timer is over. The alarm is armed anew after it. */
  expired(): void;
}

/** The timer of one owner. */
export class Alarm {
  private readonly host: AlarmHost;
  private readonly runtime: Runtime;
  private timer: Timer | undefined = undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private timerKeepsProcess = false;

  constructor(host: AlarmHost, runtime: Runtime) {
    this.host = host;
    this.runtime = runtime;
  }

  /** Sets the timer for the deadline. A timer that is early enough, and keeps the process as it should, is left alone. */
  rearm(): void {
    const { host } = this;
    if (!host.isAutomatic) return;
    const { nextDeadlineMs, keepsProcess } = host;
    if (nextDeadlineMs >= this.timerAt && keepsProcess === this.timerKeepsProcess) return;
    this.disarm();
    if (nextDeadlineMs === Number.POSITIVE_INFINITY) return;
    this.timerAt = nextDeadlineMs;
    this.timerKeepsProcess = keepsProcess;
    const wait = Math.min(Math.max(0, Math.ceil(nextDeadlineMs - this.runtime.now())), longestTimerMs);
    this.timer = this.runtime.startTimer(() => this.rang(), wait, keepsProcess);
  }

  /** Stops the timer. */
  disarm(): void {
    if (this.timer !== undefined) this.runtime.stopTimer(this.timer);
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    this.timerKeepsProcess = false;
  }

  private rang(): void {
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    this.timerKeepsProcess = false;
    if (!this.host.isAutomatic) return;
    this.host.expired();
    this.rearm();
  }
}
