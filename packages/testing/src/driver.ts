/**
 * Runs a broker: hands bytes and time to it, sends its output, and keeps the one timer there is. Must not know a rule of
 * AMQP.
 */
import { clearTimeout, setTimeout } from 'node:timers';
import { ClientLine, type ClientLineOwner } from './client-line.ts';
import type { BrokerClock } from './clock.ts';
import type { AcceptLine } from './listener/line.ts';
import type { ServerContext } from './protocol/server-context.ts';

/** Called with what the driver does. */
export interface DriverWatch {
  /** Whether a new line is taken; else it is ended. */
  takesLine(line: ClientLine): boolean;
  /** A turn is over, and everything has been sent. */
  turnOver(): void;
}

/** Longer timers fire at once in Node. */
const longestTimerMs = 0x7fff_ffff;

/** Runs a broker: hands bytes and time to it, sends its output, and keeps the one timer there is. */
export class Driver implements ClientLineOwner {
  readonly lines: Set<ClientLine> = new Set();
  private readonly context: ServerContext;
  private readonly clock: BrokerClock;
  private readonly watch: DriverWatch;
  private readonly waiting = new Set<ClientLine>();
  private timer: NodeJS.Timeout | undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private isFlushing = false;
  private isStopped = false;

  constructor(context: ServerContext, clock: BrokerClock, watch: DriverWatch) {
    this.context = context;
    this.clock = clock;
    this.watch = watch;
  }

  get nowMs(): number {
    return this.clock.nowMs;
  }

  /** Takes a new line. */
  readonly accept: AcceptLine = (line) => {
    const client = new ClientLine(line, this.context, this);
    this.lines.add(client);
    if (!this.isStopped && this.watch.takesLine(client)) this.turnOver(client);
    else client.reset();
    return client;
  };

  outputWaiting(line: ClientLine): void {
    this.waiting.add(line);
  }

  turnOver(line?: ClientLine): void {
    const hasOutput = line === undefined || this.waiting.has(line);
    const flushedDeadlineMs = this.flush();
    const lineDeadlineMs = hasOutput ? Number.POSITIVE_INFINITY : line.connection.nextDeadlineMs;
    const { broker, interference } = this.context;
    this.schedule(Math.min(broker.nextDeadlineMs, interference.deadlineMs, flushedDeadlineMs, lineDeadlineMs));
    this.watch.turnOver();
  }

  lineGone(line: ClientLine): void {
    this.lines.delete(line);
    this.waiting.delete(line);
  }

  /** Puts the clock forward, with everything that falls due on the way, in its order. @param isExcused clients are not held to have been silent. */
  advance(milliseconds: number, isExcused: boolean): void {
    const targetMs = this.nowMs + milliseconds;
    for (;;) {
      const dueMs = this.nextDeadlineMs;
      const stepMs = Math.min(dueMs, targetMs);
      const passedMs = Math.max(0, stepMs - this.nowMs);
      if (isExcused) for (const line of this.lines) if (!line.isGhost) line.connection.excuse(passedMs);
      this.clock.advanceTo(stepMs);
      if (dueMs > targetMs) break;
      this.handleTimeouts();
    }
    this.turnOver();
  }

  /** Sends nothing more and keeps no timer. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const line of [...this.lines]) line.reset();
  }

  private get nextDeadlineMs(): number {
    let least = Math.min(this.context.broker.nextDeadlineMs, this.context.interference.deadlineMs);
    for (const { connection } of this.lines) least = Math.min(least, connection.nextDeadlineMs);
    return least;
  }

  /** @returns the earliest deadline of the lines that reported one: a publish on another line may have set it. */
  private flush(): number {
    let deadlineMs = Number.POSITIVE_INFINITY;
    if (this.isFlushing) return deadlineMs;
    this.isFlushing = true;
    // Sending makes room, and room lets consumers go on: until nothing waits.
    for (const line of this.waiting) {
      this.waiting.delete(line);
      line.flush();
      deadlineMs = Math.min(deadlineMs, line.connection.nextDeadlineMs);
    }
    this.isFlushing = false;
    return deadlineMs;
  }

  private handleTimeouts(): void {
    const { nowMs } = this;
    this.context.broker.handleTimeout(nowMs);
    this.context.interference.handleTimeout(nowMs);
    for (const { connection } of [...this.lines]) {
      if (connection.nextDeadlineMs <= nowMs) connection.handleTimeout(nowMs);
    }
    this.flush();
  }

  private schedule(deadlineMs: number): void {
    if (this.isStopped || this.clock.mode === 'manual' || deadlineMs >= this.timerAtMs) return;
    clearTimeout(this.timer);
    this.timerAtMs = deadlineMs;
    const delayMs = Math.min(Math.max(0, deadlineMs - this.nowMs), longestTimerMs);
    this.timer = setTimeout(() => this.onTimer(), delayMs);
    this.timer.unref();
  }

  private onTimer(): void {
    this.timerAtMs = Number.POSITIVE_INFINITY;
    this.handleTimeouts();
    this.schedule(this.nextDeadlineMs);
    this.watch.turnOver();
  }
}
