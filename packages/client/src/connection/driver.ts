/**
 * The one place with a socket: moves bytes between a session and a transport, one write for a turn of the
 * event loop or for 96 KiB of it, and wakes the session at its deadlines. Driven by hand it does so only when it is called.
 * Must not know operations.
 */
import { ConnectionBroken, isPukaError, UsageError } from '@puka/errors';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '@puka/transport';
import { Abort } from '../runtime/abort.ts';
import { Alarm, type AlarmHost } from '../runtime/alarm.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Session } from '../session/index.ts';

/** Sees the bytes of one connection as they pass. They are lent: it neither keeps nor changes them. Must not throw. */
export interface ByteTap {
  /** Before the session gets them. */
  received(bytes: Uint8Array): void;
  /** After the transport has taken them. Anything the client writes because of this call is sent after them. */
  sent(chunks: readonly Uint8Array[]): void;
}

/** The bytes of a client, over all its connections. */
export interface Traffic {
  receivedBytes: number;
  sentBytes: number;
}

/** What the driver needs of its client. */
export interface DriverHost {
  readonly traffic: Traffic;
  /** `undefined` if there is no listener. */
  readonly tap?: ByteTap | undefined;
  /** Whether it reads, writes and wakes by itself just now. */
  readonly isAutomatic: boolean;
  /** Bytes were read, or time has passed, and the session has dealt with it: callbacks may run. */
  turn(): void;
  /** Bytes were read, and the session has dealt with them: what is kept of them may be too much. */
  bytesRead(): void;
  /** Output is about to be taken. */
  beforeWrite(): void;
  /** Everything that was buffered has gone out. */
  drained(): void;
  /** Driven by hand: there is something to read, or to write, or the connection is lost. */
  ioReady(): void;
  /** Whether there is room for what comes in, or an answer in it that the client waits for. */
  readonly mayRead: boolean;
}

/**
 * Some transports do not report whether a read has emptied the socket. One shorter than this, in bytes, has: no transport reads
 * into less room. What such a read leads to goes out at once, which saves a round of the event loop. After a longer read more
 * is to come in this turn.
 */
const shortReadBytes = 2048;

/**
 * With so many bytes of a chunk written, they do not wait for the end of the turn: the chunk is still in the processor's cache,
 * and is used again at once. Less than a whole chunk. Bodies that are lent do not count: sending them early saves nothing.
 */
const earlyWriteBytes = 98_304;

/** Drives one session over one transport. */
export class Driver implements TransportHandlers, AlarmHost {
  private readonly session: Session;
  private readonly host: DriverHost;
  private readonly runtime: Runtime;
  private transport: Transport | undefined = undefined;
  private isPull = false;
  private readonly alarm: Alarm;
  private flushIsDue = false;
  /** What came in is being dealt with: a turn of the client follows, and a flush. */
  turnFollows = false;
  private flushFollows = false;
  /** What was written last had not gone out at once. */
  private isSending = false;
  /** The tap is being called with what was written last. */
  private isTapped = false;
  private readIsDue = false;
  private isPaused = false;
  private readonly abort = new Abort();
  /** The connection is lost. In pull mode the session hears of it once all that came before has been read. */
  private closedBy: { readonly error: ConnectionBroken | undefined } | undefined = undefined;
  /** Output was taken but could not be written. Nothing may be sent after the gap, and the next flush ends the session. */
  private writeFailure: ConnectionBroken | undefined = undefined;

  constructor(session: Session, host: DriverHost, runtime: Runtime) {
    this.session = session;
    this.host = host;
    this.runtime = runtime;
    this.alarm = new Alarm(this, runtime);
  }

  /** Bytes handed to the transport that have not gone out, and those that wait to be handed over. */
  get bufferedBytes(): number {
    return (this.transport?.bufferedBytes ?? 0) + this.session.writer.pendingBytes;
  }

  /** The transport, once connected. */
  get connected(): Transport | undefined {
    return this.transport;
  }

  /** Whether `write()` has something to do. */
  get needsWrite(): boolean {
    return this.transport !== undefined && this.session.hasOutput;
  }

  /** For its alarm. */
  get isAutomatic(): boolean {
    return this.host.isAutomatic;
  }

  /** For its alarm: a caller awaits the end of connecting and of closing. The socket of an open connection keeps the process. */
  get keepsProcess(): boolean {
    const { state } = this.session;
    return state !== 'open' && state !== 'closed' && state !== 'idle';
  }

  /** The next deadline of the session, on the runtime's clock; `Infinity` for none. */
  get nextDeadlineMs(): number {
    return this.session.nextDeadline();
  }

  /** Connects and starts the session. What fails ends the session. */
  async start(connector: TransportConnector, options: ConnectOptions): Promise<void> {
    this.isPull = options.mode === 'pull';
    this.session.connect(this.runtime.now());
    this.alarm.rearm();
    const transport = await connected(connector, { ...options, signal: this.abort }, this);
    if (this.session.state === 'closed') {
      transport.close();
      return;
    }
    this.transport = transport;
    if (this.isPaused) transport.pause();
    if (this.host.isAutomatic) this.flush();
    this.host.ioReady();
  }

  /** There is, or may be, something to send: it goes out at the end of the turn, or at once if it fills a chunk. */
  wake(): void {
    if (this.flushIsDue || this.flushFollows) {
      if (this.session.writer.position >= earlyWriteBytes) this.writeEarly();
      return;
    }
    if (!this.host.isAutomatic) return;
    this.flushIsDue = true;
    this.runtime.atTurnEnd(() => {
      this.flushIsDue = false;
      if (this.host.isAutomatic) this.flush();
    });
  }

  /** Sends what there is now. */
  flush(): void {
    const { transport, session } = this;
    this.host.beforeWrite();
    if (transport !== undefined && session.hasOutput) this.write(transport);
    else this.reuseChunk();
    if (this.writeFailure !== undefined) session.receiveEof(this.runtime.now(), this.writeFailure);
    if (session.state === 'closed') {
      this.stop();
      return;
    }
    // An answer may be awaited now that was not before.
    this.regulate();
    this.alarm.rearm();
  }

  private writeEarly(): void {
    const { transport } = this;
    if (transport === undefined || !this.host.isAutomatic || this.turnFollows) return;
    // What the system does not take now is not taken faster piece by piece.
    if (this.session.state === 'open' && transport.bufferedBytes === 0) this.write(transport);
  }

  private write(transport: Transport): void {
    const { session } = this;
    const { writer } = session;
    const takenBefore = writer.takenBytes;
    const chunks = session.takeOutput(this.runtime.now(), transport.bufferedBytes);
    if (chunks.length === 0 || this.writeFailure !== undefined) return;
    let byteCount = 0;
    for (const { length } of chunks) byteCount += length;
    if (byteCount !== writer.takenBytes - takenBefore) {
      // The broker would read the next frames as the rest of the body.
      this.writeFailure = new ConnectionBroken(
        'the client closed the connection: the body of a publish was transferred or resized before it was sent',
        { blame: 'caller' },
      );
      return;
    }
    this.host.traffic.sentBytes += byteCount;
    try {
      transport.write(chunks);
    } catch (cause) {
      this.writeFailure = failureOf(cause, 'the transport failed to write');
      return;
    }
    this.callTap(chunks);
    this.reuseChunk();
  }

  /** The tap may call the client, which may write. The memory of `chunks` is reused only after the tap returns. */
  private callTap(chunks: readonly Uint8Array[]): void {
    const { tap } = this.host;
    if (tap === undefined) return;
    const { isTapped } = this;
    this.isTapped = true;
    tap.sent(chunks);
    this.isTapped = isTapped;
  }

  /** Some transports send after `write()` has returned. The memory is reused once they have nothing buffered. */
  private reuseChunk(): void {
    const { transport } = this;
    if (transport === undefined || this.isTapped) return;
    this.isSending = transport.bufferedBytes > 0;
    if (!this.isSending) this.session.writer.reuse();
  }

  /** Pull mode: reads what there is, and reports to the session that the connection is lost. */
  read(): void {
    const { transport, session } = this;
    if (transport !== undefined) {
      for (let bytes = this.readOnce(transport); bytes !== undefined; bytes = this.readOnce(transport)) {
        this.host.tap?.received(bytes);
        this.host.traffic.receivedBytes += bytes.length;
        session.receive(bytes, this.runtime.now());
        this.host.bytesRead();
        this.regulate();
      }
    }
    const { closedBy } = this;
    if (closedBy !== undefined && !this.isPaused) {
      this.closedBy = undefined;
      this.transportClosed(closedBy.error);
    }
    if (session.state === 'closed') this.flush();
  }

  /** Does what is due by now. */
  handleTimeout(): void {
    this.session.handleTimeout(this.runtime.now());
    if (this.session.state === 'closed') this.flush();
  }

  /** It has become automatic, or is so no more. */
  modeChanged(): void {
    if (!this.host.isAutomatic) {
      this.alarm.disarm();
      return;
    }
    this.flush();
    if (this.isPull) this.readSoon();
  }

  /** Reads what comes, or leaves it in the socket: as there is room. */
  regulate(): void {
    if (this.host.mayRead) this.resume();
    else this.pause();
  }

  /** There may be room again. */
  roomChanged(): void {
    if (this.isPaused) this.regulate();
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.session.readingPaused();
    this.transport?.pause();
  }

  private resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.session.readingResumed(this.runtime.now());
    this.alarm.rearm();
    this.transport?.resume();
    if (this.isPull) this.onReadable();
  }

  /** For its alarm. */
  expired(): void {
    this.handleTimeout();
    this.host.turn();
    this.flush();
  }

  /** For the transport. */
  onData(bytes: Uint8Array, isLast: boolean = bytes.length < shortReadBytes): void {
    this.turnFollows = this.host.isAutomatic;
    this.flushFollows = true;
    // What was sent after `write()` has gone out meanwhile, as a rule, and nothing more is written yet.
    if (this.isSending) this.reuseChunk();
    this.host.tap?.received(bytes);
    this.host.traffic.receivedBytes += bytes.length;
    const isKept = this.session.receive(bytes, this.runtime.now());
    if (!isKept) this.transport?.reuse?.(bytes);
    this.host.bytesRead();
    this.regulate();
    this.afterEvent(!isLast);
  }

  /** For the transport. */
  onReadable(): void {
    if (this.host.isAutomatic) this.readSoon();
    this.host.ioReady();
  }

  /** For the transport. */
  onDrain(): void {
    this.reuseChunk();
    this.host.drained();
    this.host.ioReady();
  }

  /** For the transport. */
  onEnd(): void {
    this.session.receiveEof(this.runtime.now());
    this.afterEvent();
  }

  /** For the transport. */
  onClose(error: ConnectionBroken | undefined): void {
    if (!this.isPull) {
      this.transportClosed(error);
      this.afterEvent();
      return;
    }
    this.closedBy = { error };
    this.onReadable();
  }

  private transportClosed(error: ConnectionBroken | undefined): void {
    const cause = error === undefined ? undefined : failureOf(error, 'the transport broke');
    this.session.receiveEof(this.runtime.now(), cause);
    this.transport = undefined;
  }

  private readOnce(transport: Transport): Uint8Array | undefined {
    return this.isPaused || this.session.state === 'closed' ? undefined : transport.read();
  }

  private readSoon(): void {
    if (this.readIsDue) return;
    this.readIsDue = true;
    this.runtime.atTurnEnd(() => {
      this.readIsDue = false;
      if (!this.host.isAutomatic) return;
      this.read();
      this.afterEvent();
    });
  }

  /** @param hasMore more is likely to come in this turn. */
  private afterEvent(hasMore = false): void {
    this.flushFollows = true;
    this.turnFollows = false;
    // A callback may end the loop that moves the client. What the callbacks left to be written goes out all the same.
    const { isAutomatic } = this.host;
    if (isAutomatic) this.host.turn();
    this.flushFollows = false;
    if (!isAutomatic) return;
    if (hasMore && this.host.isAutomatic && this.session.state !== 'closed') this.wake();
    else this.flush();
  }

  private stop(): void {
    this.alarm.disarm();
    const { transport } = this;
    this.transport = undefined;
    // Ends what is still about to connect. The session has the reason.
    this.abort.abort(new ConnectionBroken('given up while connecting', { outcome: 'not-sent' }));
    // Half-closed first, so that a close-ok still goes out; the rest is not waited for.
    transport?.end();
    transport?.close();
  }
}

/** Connects. Always rejects with an error of Puka, even if the connector rejects with or throws another value. */
async function connected(
  connector: TransportConnector,
  options: ConnectOptions,
  handlers: TransportHandlers,
): Promise<Transport> {
  let transport: Transport | null | undefined;
  try {
    transport = await connector.connect(options, handlers);
  } catch (cause) {
    if (isPukaError(cause)) throw cause;
    throw new ConnectionBroken('the transport failed to connect; its own error is the cause', {
      cause,
      outcome: 'not-sent',
    });
  }
  if (typeof transport?.write === 'function') return transport;
  throw new UsageError(
    'connect() of the option transport must return a transport: an object with write(), end(), close() …',
  );
}

/** The error for a failure of the user's own transport. Its text is left out of the message, because it may contain anything. */
function failureOf(cause: unknown, what: string): ConnectionBroken {
  return cause instanceof ConnectionBroken
    ? cause
    : new ConnectionBroken(`${what}; its own error is the cause`, { cause });
}
