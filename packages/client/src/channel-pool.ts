/**
 * Lends channels to operations: one operation at a time on each, as many channels as the limits allow, the rest waits.
 * Must not know what an operation does with its channel.
 */
import { ConnectionBroken, type PukaError } from '@puka/errors';
import type { ChannelSink, Session, SessionChannel } from './session/index.ts';

/** A task that waits for a channel; `undefined` with the error where there will be none. */
export type ChannelTask = (channel: SessionChannel | undefined, error: PukaError | undefined) => void;

/** Channels that operations run on side by side; more would cost the broker more than they gain. */
const maxOperationChannels = 64;

/** What an idle channel is told; nothing is due on it but its end. */
class IdleSink implements ChannelSink {
  private readonly pool: ChannelPool;
  /** Set once the channel is open. */
  channel: SessionChannel | undefined;
  constructor(pool: ChannelPool) {
    this.pool = pool;
  }
  content(): void {}
  confirmed(): void {}
  consumerCancelled(): void {}
  closed(): void {
    if (this.channel !== undefined) this.pool.forget(this.channel);
  }
}

/** The channels of one connection that serve operations. */
export class ChannelPool {
  private readonly session: Session;
  private readonly idle: SessionChannel[] = [];
  private readonly waiting: ChannelTask[] = [];
  private lent = 0;
  /** Numbers that the pool leaves to publishing. */
  private readonly reserve = 1;

  constructor(session: Session) {
    this.session = session;
  }

  /** Calls the task with a channel, at once or when one is free. The task must give the channel back. */
  acquire(task: ChannelTask): void {
    const channel = this.take();
    if (channel === undefined) this.waiting.push(task);
    else task(channel, undefined);
  }

  /** Gives a channel back, usable or not. */
  release(channel: SessionChannel): void {
    this.lent--;
    if (channel.isUsable) {
      const sink = new IdleSink(this);
      sink.channel = channel;
      channel.sink = sink;
      this.idle.push(channel);
    }
    this.serve();
  }

  /** A channel of the pool is kept by its borrower for good, such as a consumer. It counts no more here. */
  keep(): void {
    this.lent--;
    this.serve();
  }

  /** A number has become free, or a limit has risen: those that wait are served. */
  serve(): void {
    while (this.waiting.length > 0) {
      const channel = this.take();
      if (channel === undefined) return;
      this.waiting.shift()?.(channel, undefined);
    }
  }

  /** An idle channel is gone. */
  forget(channel: SessionChannel): void {
    const index = this.idle.indexOf(channel);
    if (index >= 0) this.idle.splice(index, 1);
  }

  /** The connection is gone: nobody need wait any more. */
  lost(error: PukaError): void {
    this.idle.length = 0;
    for (const task of this.waiting.splice(0)) task(undefined, error);
  }

  private take(): SessionChannel | undefined {
    const idle = this.idle.pop();
    if (idle !== undefined) {
      this.lent++;
      return idle;
    }
    if (this.lent >= maxOperationChannels) return undefined;
    if (this.session.channelCount >= this.session.channelMax - this.reserve && this.lent > 0) return undefined;
    const channel = this.session.openChannel(new IdleSink(this), () => {});
    if (channel !== undefined) this.lent++;
    return channel;
  }
}

/** The error of an operation whose connection is gone. */
export function brokenConnection(method: string, cause: PukaError | undefined): ConnectionBroken {
  return new ConnectionBroken(`the connection ended before ${method} was answered`, {
    method,
    outcome: 'unknown',
    ...(cause === undefined ? {} : { cause }),
  });
}
