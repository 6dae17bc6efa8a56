/**
 * The one place with a socket and timers: moves bytes between a session and a transport, one write for a turn of the
 * event loop, and wakes the session at its deadlines. Must not know operations.
 */
import type { ConnectionBroken, PukaError } from '@puka/errors';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '@puka/transport';
import type { Runtime, Timer } from './runtime.ts';
import type { Session } from './session/index.ts';

/** What the driver tells its client. */
export interface DriverHost {
  /** Bytes were read and the session has dealt with them: callbacks may run. */
  turn(): void;
  /** Everything that was buffered has gone out. */
  drained(): void;
}

/** Timers take no more than this, in milliseconds. */
const longestTimerMs = 0x7fff_ffff;

/** Drives one session over one transport. */
export class Driver implements TransportHandlers {
  private readonly session: Session;
  private readonly host: DriverHost;
  private readonly runtime: Runtime;
  private transport: Transport | undefined;
  private timer: Timer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private flushIsDue = false;
  private isPaused = false;
  private readonly extraDeadline: () => number;
  private readonly onExtraDeadline: (nowMs: number) => void;

  constructor(
    session: Session,
    host: DriverHost,
    runtime: Runtime,
    deadlines: { readonly next: () => number; readonly handle: (nowMs: number) => void },
  ) {
    this.session = session;
    this.host = host;
    this.runtime = runtime;
    this.extraDeadline = deadlines.next;
    this.onExtraDeadline = deadlines.handle;
  }

  /** Bytes handed to the transport that have not gone out. */
  get bufferedBytes(): number {
    return (this.transport?.bufferedBytes ?? 0) + this.session.writer.pendingBytes;
  }

  /** The transport, once connected. */
  get connected(): Transport | undefined {
    return this.transport;
  }

  /** Connects and starts the session. What fails ends the session. */
  async start(connector: TransportConnector, options: ConnectOptions): Promise<void> {
    this.session.connect(this.runtime.now());
    this.rearm();
    const transport = await connector.connect(options, this);
    if (this.session.state === 'closed') {
      transport.close();
      return;
    }
    this.transport = transport;
    this.flush();
  }

  /** There is, or may be, something to send: it goes out at the end of the turn. */
  wake(): void {
    if (this.flushIsDue) return;
    this.flushIsDue = true;
    this.runtime.atTurnEnd(() => {
      this.flushIsDue = false;
      this.flush();
    });
  }

  /** Sends what there is now. */
  flush(): void {
    const { transport, session } = this;
    if (transport !== undefined && session.hasOutput) {
      const chunks = session.takeOutput(this.runtime.now());
      if (chunks.length > 0) transport.write(chunks);
    }
    if (session.state === 'closed') this.stop();
    else this.rearm();
  }

  /** Reads no more until `resume`. */
  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.transport?.pause();
  }

  /** Reads again. */
  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.transport?.resume();
  }

  /** Sets the timer for the earliest deadline. A timer that is early enough is left alone. */
  rearm(): void {
    const deadline = Math.min(this.session.nextDeadline(), this.extraDeadline());
    if (deadline >= this.timerAt) return;
    if (this.timer !== undefined) this.runtime.stopTimer(this.timer);
    this.timerAt = deadline;
    const wait = Math.min(Math.max(0, Math.ceil(deadline - this.runtime.now())), longestTimerMs);
    this.timer = this.runtime.startTimer(() => this.timeout(), wait);
  }

  /** For the transport. */
  onData(bytes: Uint8Array): void {
    this.session.receive(bytes, this.runtime.now());
    this.afterEvent();
  }

  /** For the transport: not used when it pushes. */
  onReadable(): void {}

  /** For the transport. */
  onDrain(): void {
    this.host.drained();
  }

  /** For the transport. */
  onEnd(): void {
    this.session.receiveEof(this.runtime.now());
    this.afterEvent();
  }

  /** For the transport. */
  onClose(error: ConnectionBroken | undefined): void {
    const cause: PukaError | undefined = error;
    this.session.receiveEof(this.runtime.now(), cause);
    this.transport = undefined;
    this.afterEvent();
  }

  private timeout(): void {
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    const now = this.runtime.now();
    this.session.handleTimeout(now);
    this.onExtraDeadline(now);
    this.host.turn();
    this.flush();
  }

  private afterEvent(): void {
    this.host.turn();
    if (this.session.state === 'closed') this.flush();
    else this.wake();
  }

  private stop(): void {
    if (this.timer !== undefined) this.runtime.stopTimer(this.timer);
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    const { transport } = this;
    this.transport = undefined;
    // Half-closed first, so that a close-ok still goes out; the rest is not waited for.
    transport?.end();
    transport?.close();
  }
}
