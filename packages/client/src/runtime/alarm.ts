/**
 * One timer for one changing deadline: armed while its owner works by itself, disarmed while somebody drives by hand.
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
  /** The time has come, or the longest timer is over. The alarm is armed anew behind it. */
  expired(): void;
}

/** The timer of one owner. */
export class Alarm {
  private readonly host: AlarmHost;
  private readonly runtime: Runtime;
  private timer: Timer | undefined = undefined;
  private timerAt = Number.POSITIVE_INFINITY;

  constructor(host: AlarmHost, runtime: Runtime) {
    this.host = host;
    this.runtime = runtime;
  }

  /** Sets the timer for the deadline. A timer that is early enough is left alone. */
  rearm(): void {
    if (!this.host.isAutomatic) return;
    const deadline = this.host.nextDeadlineMs;
    if (deadline >= this.timerAt) return;
    this.disarm();
    this.timerAt = deadline;
    const wait = Math.min(Math.max(0, Math.ceil(deadline - this.runtime.now())), longestTimerMs);
    this.timer = this.runtime.startTimer(() => this.rang(), wait);
  }

  /** Stops the timer. */
  disarm(): void {
    if (this.timer !== undefined) this.runtime.stopTimer(this.timer);
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
  }

  private rang(): void {
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    if (!this.host.isAutomatic) return;
    this.host.expired();
    this.rearm();
  }
}
