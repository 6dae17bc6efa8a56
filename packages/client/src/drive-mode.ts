/**
 * What moves the client: itself, or the caller with `drive: 'manual'`. Schedules the turns in which callbacks run,
 * and the alarm of the client's deadlines.
 * Must not know the network.
 */
import { UsageError } from '@puka/errors';
import type { Driver } from './connection/driver.ts';
import type { Callbacks } from './operations/callbacks.ts';
import { Alarm, type AlarmHost } from './runtime/alarm.ts';
import { Deadlines } from './runtime/deadlines.ts';
import type { Runtime } from './runtime/runtime.ts';

/** What the drive mode moves of a connection. */
export type DrivenConnection = Pick<
  Driver,
  'turnFollows' | 'nextDeadlineMs' | 'handleTimeout' | 'flush' | 'modeChanged'
>;

/** What the drive mode needs of its client. */
export interface DriveModeHost {
  readonly runtime: Runtime;
  readonly callbacks: Callbacks;
  readonly life: { readonly connection: { readonly driver: DrivenConnection } | undefined };
}

/** The drive mode of one client. */
export class DriveMode implements AlarmHost {
  readonly isManual: boolean;
  /** Time limits of operations, waits and shutdowns. They belong to the client: they fire with no connection there. */
  readonly deadlines: Deadlines = new Deadlines(() => this.alarm.rearm());
  private readonly host: DriveModeHost;
  private readonly alarm: Alarm;
  private holds = 0;
  private turnIsScheduled = false;

  constructor(isManual: boolean, host: DriveModeHost) {
    this.isManual = isManual;
    this.host = host;
    this.alarm = new Alarm(this, host.runtime);
  }

  /** Whether the client reads, writes and calls back by itself: always, or while a caller waits. */
  get isAutomatic(): boolean {
    return !this.isManual || this.holds > 0;
  }

  /** Works by itself until the function returned is called. */
  hold(): () => void {
    let isHeld = true;
    this.holds++;
    if (this.isManual && this.holds === 1) this.modeChanged();
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.holds--;
      if (this.isManual && this.holds === 0) this.modeChanged();
    };
  }

  /** @throws {UsageError} unless the client is driven by hand. */
  checkManual(method: string): void {
    if (!this.isManual) throw new UsageError(`${method} needs a client with drive: 'manual'`);
  }

  /** Callbacks are ready: they run at the end of this turn of the event loop, or when the caller asks for it. */
  scheduleTurn(): void {
    if (this.turnIsScheduled || !this.isAutomatic || this.driver?.turnFollows === true) return;
    this.turnIsScheduled = true;
    this.host.runtime.atTurnEnd(() => {
      this.turnIsScheduled = false;
      if (!this.isAutomatic) return;
      this.host.callbacks.run();
      // A callback has ended the loop that moved the client.
      if (!this.isAutomatic) this.flush();
    });
  }

  /** The client is idle: no timer is left for deadlines that are gone. */
  rest(): void {
    if (this.deadlines.nextMs === Number.POSITIVE_INFINITY) this.alarm.disarm();
  }

  /** Driven by hand: when `handleTimeout` is due; `Infinity` for never. */
  get nextTimeoutMs(): number {
    return Math.min(this.driver?.nextDeadlineMs ?? Number.POSITIVE_INFINITY, this.deadlines.nextMs);
  }

  /** Driven by hand: does what is due. */
  handleTimeout(): void {
    this.driver?.handleTimeout();
    this.deadlines.expire(this.host.runtime.now());
  }

  /** Sends what there is to send. */
  flush(): void {
    this.driver?.flush();
  }

  /** For its alarm. */
  get nextDeadlineMs(): number {
    return this.deadlines.nextMs;
  }

  /** For its alarm. */
  get keepsProcess(): boolean {
    return this.deadlines.keepsProcess;
  }

  /** For its alarm. */
  expired(): void {
    this.deadlines.expire(this.host.runtime.now());
    this.host.callbacks.run();
    this.flush();
  }

  private get driver(): DrivenConnection | undefined {
    return this.host.life.connection?.driver;
  }

  private modeChanged(): void {
    this.driver?.modeChanged();
    if (!this.isAutomatic) {
      this.alarm.disarm();
      return;
    }
    this.alarm.rearm();
    if (this.host.callbacks.isDue) this.scheduleTurn();
  }
}
