/** A line and the connection on it: bytes go both ways, as far as faults let them. Must not keep time. */
import type { AmqpError } from '@puka/errors';
import { reorderChannels } from './faults/channel-order.ts';
import type { FaultyLine } from './faults/fault-targets.ts';
import type { Line, LineSink } from './listener/line.ts';
import { SplitLine } from './listener/split-line.ts';
import type { ServerChannel } from './protocol/server-channel.ts';
import { ServerConnection } from './protocol/server-connection.ts';
import type { ServerConnectionSink, ServerContext } from './protocol/server-context.ts';
import { type ConnectionInfo, connectionInfo } from './watching/views.ts';

/** Is notified of what a line is about to need. */
export interface ClientLineOwner {
  readonly nowMs: number;
  /** The connection has something to send: `flush()` by the end of the turn. */
  outputWaiting(line: ClientLine): void;
  /** Something has come or gone: all that waits has to be sent, and deadlines may have changed. */
  turnOver(line?: ClientLine): void;
  /** The connection is closed. */
  lineGone(line: ClientLine): void;
}

/** A line and the connection on it: bytes go both ways, as far as faults let them. */
export class ClientLine implements LineSink, ServerConnectionSink, FaultyLine {
  readonly connection: ServerConnection;
  isReordering = false;
  private readonly line: SplitLine;
  private readonly owner: ClientLineOwner;
  private sentBytes = 0;
  private breakAtBytes = Number.POSITIVE_INFINITY;
  private receivableBytes = Number.POSITIVE_INFINITY;
  private isOver = false;
  private isGone = false;
  /** Nothing passes any more, in either direction, and neither side is notified. */
  private isSilent = false;

  constructor(line: Line, context: ServerContext, owner: ClientLineOwner) {
    this.line = new SplitLine(line);
    this.owner = owner;
    this.connection = new ServerConnection(line.name, context, this, owner.nowMs);
  }

  set splitBytes(bytes: number) {
    this.line.splitBytes = bytes;
  }

  received(bytes: Uint8Array): void {
    if (this.isGone || this.isSilent) return;
    const { receivableBytes } = this;
    this.receivableBytes -= bytes.length;
    const isLast = this.receivableBytes <= 0;
    this.connection.receive(isLast ? bytes.subarray(0, receivableBytes) : bytes, this.owner.nowMs);
    if (isLast) this.reset();
    else this.owner.turnOver(this);
  }

  drained(): void {
    this.connection.setUnsent(0);
    this.owner.turnOver(this);
  }

  ended(): void {
    if (this.isGone || this.isSilent) return;
    this.isGone = true;
    this.connection.receiveEof(this.owner.nowMs);
    this.line.end();
    this.owner.lineGone(this);
    this.owner.turnOver();
  }

  outputWaiting(): void {
    this.owner.outputWaiting(this);
  }

  lineOver(): void {
    this.isOver = true;
    this.owner.outputWaiting(this);
  }

  breakLineAt(writtenBytes: number): void {
    this.breakAtBytes = writtenBytes;
  }

  breakAfter(bytes: number, from: 'broker' | 'client'): void {
    if (from === 'client') this.receivableBytes = bytes;
    else this.breakAtBytes = this.sentBytes + bytes;
  }

  get info(): ConnectionInfo | undefined {
    return connectionInfo(this.connection);
  }

  forceClose(error: AmqpError): void {
    this.connection.forceClose(error);
  }

  closeChannels(isMeant: (channel: ServerChannel) => boolean, error: AmqpError): void {
    for (const channel of this.connection.open?.channels.values() ?? []) {
      if (channel.state === 'running' && isMeant(channel)) channel.refuse(error, 0);
    }
  }

  releaseOutput(): void {
    this.connection.releaseOutput();
  }

  get isGhost(): boolean {
    return this.isSilent;
  }

  becomeGhost(): void {
    this.isSilent = true;
  }

  endGhost(): void {
    if (!this.isSilent) return;
    this.loseGhost();
    this.line.reset();
  }

  /** Sends what waits. */
  flush(): void {
    const output = this.connection.takeOutput();
    if (this.isSilent) {
      if (this.isOver) this.loseGhost();
      return;
    }
    const chunks = this.isReordering && output.length > 0 ? reorderChannels(output) : output;
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    if (this.sentBytes + bytes >= this.breakAtBytes) {
      this.line.write(firstBytes(chunks, this.breakAtBytes - this.sentBytes));
      this.ended();
      return;
    }
    this.sentBytes += bytes;
    if (bytes > 0) this.connection.setUnsent(this.line.write(chunks) ? 0 : this.line.bufferedBytes);
    if (this.isOver) this.line.end();
  }

  reset(): void {
    if (this.isSilent) {
      this.loseGhost();
      return;
    }
    this.line.reset();
    this.ended();
  }

  /** Ends the connection once everything has gone out. */
  hangUp(): void {
    this.flush();
    if (this.isSilent) this.loseGhost();
    else this.ended();
  }

  /** The broker closes a ghost; its client is not notified. */
  private loseGhost(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.connection.receiveEof(this.owner.nowMs);
    this.owner.lineGone(this);
    this.owner.turnOver();
  }
}

function firstBytes(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  return chunks.flatMap((chunk) => {
    const piece = chunk.subarray(0, Math.max(0, left));
    left -= chunk.length;
    return piece.length > 0 ? [piece] : [];
  });
}
