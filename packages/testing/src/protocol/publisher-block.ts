/**
 * The block of a client that publishes while the broker is short of a resource: it is notified, and what it sends waits. RabbitMQ
 * leaves it in the socket, here it waits in its order. Must not decide when there is an alarm. RabbitMQ:
 * docs/connection-blocked.
 */
import { type ByteWriter, encodeConnectionBlocked, encodeConnectionUnblocked } from '@puka/wire';

/** The block of a client that publishes while the broker is short of a resource: it is notified, and what it sends waits. */
export class PublisherBlock {
  private readonly writer: ByteWriter;
  private frames: (() => void)[] | undefined;
  private isTold = false;

  constructor(writer: ByteWriter) {
    this.writer = writer;
  }

  /** The client is not read from. */
  get isOn(): boolean {
    return this.frames !== undefined;
  }

  /** Begins. @param isNotified whether the client supports `connection.blocked`. */
  begin(alarms: ReadonlySet<string>, isNotified: boolean): void {
    this.frames = [];
    this.isTold = isNotified;
    if (isNotified) encodeConnectionBlocked(this.writer, 0, { reason: `low on ${[...alarms].join(' & ')}` });
  }

  /** Keeps a frame for later. @returns `false` if there is no block: it has to be handled now. */
  keep(frame: () => void): boolean {
    this.frames?.push(frame);
    return this.isOn;
  }

  /** Ends. @returns what has come meanwhile. */
  end(): readonly (() => void)[] {
    const { frames = [] } = this;
    this.frames = undefined;
    if (this.isTold) encodeConnectionUnblocked(this.writer, 0);
    this.isTold = false;
    return frames;
  }

  /** The connection is over: what has come is dropped. */
  drop(): void {
    this.frames = undefined;
    this.isTold = false;
  }
}
