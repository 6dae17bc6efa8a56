/**
 * A transport over an open WebSocket, for either end of it.
 * It must not connect (connector.ts) nor decide what may be handed over when (inbox.ts).
 */
import { ConnectionBroken, UsageError } from '@puka/errors';
import type { Transport, TransportHandlers } from '../contract.ts';
import { formatAddress, gapError } from '../failure.ts';
import type { InboxSource } from '../inbox.ts';
import { Inbox } from '../inbox.ts';
import { highWaterMarkBytes, Outbox } from '../outbox.ts';
import { untransferableMarker } from '../untransferable.ts';
import { closeFailure, type WebSocketAddress } from './failure.ts';
import { formatControl, maxCreditBytes, parseControl, relayCloseCodes, relayWindowBytes } from './relay-protocol.ts';
import { closeDetails, eventError, messageData, type WebSocketLike } from './web-socket-api.ts';

/** The largest binary message that is sent. */
const messageBytes = 64 * 1024;
/** How much is passed to a WebSocket before earlier bytes have left: it cannot return anything. */
const aheadBytes = 1024 * 1024;
/** A WebSocket does not report when it has sent something: it is polled, less often the longer nothing moves. */
const shortestPollMs = 4;
const longestPollMs = 64;

/** An open WebSocket and the handlers for it. */
export interface WebSocketTransportOptions {
  readonly socket: WebSocketLike;
  readonly handlers: TransportHandlers;
  readonly address: WebSocketAddress;
  readonly mode: 'push' | 'pull';
  /** Whether the two sides have agreed on the subprotocol `puka-relay.v1`. */
  readonly hasFlowControl: boolean;
  /** What the other side has already allowed to send, in bytes. */
  readonly credit: number;
  /** Without flow control: most bytes that are held while the receiver is paused. */
  readonly maxHeldBytes: number;
}

export class WebSocketTransport implements Transport, InboxSource {
  readonly fd: undefined = undefined;
  readonly #socket: WebSocketLike;
  readonly #handlers: TransportHandlers;
  readonly #address: WebSocketAddress;
  readonly #hasFlowControl: boolean;
  readonly #maxHeldBytes: number;
  readonly #inbox: Inbox;
  readonly #outbox = new Outbox();
  readonly #mark = untransferableMarker();
  #state: 'open' | 'closed' = 'open';
  #wayOut: 'open' | 'ending' | 'ended' = 'open';
  #hasPeerEnded = false;
  #isReading = true;
  #isGranting = false;
  /** Bytes that we may send. */
  #credit: number;
  /** Bytes that the other side may send. */
  #allowance = 0;
  /** Bytes that were received, or may be for the first time, and are not allowed again yet. */
  #ungranted = relayWindowBytes;
  #needsDrain = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pollMs = shortestPollMs;
  #error: Error | undefined;
  readonly #onMessage = (event: object): void => this.#receive(messageData(event));
  readonly #onError = (event: object): void => {
    this.#error = eventError(event);
  };
  readonly #onClose = (event: object): void => this.#closed(event);
  readonly #onSent = (): void => this.#send();

  constructor(options: WebSocketTransportOptions) {
    this.#socket = options.socket;
    this.#handlers = options.handlers;
    this.#address = options.address;
    this.#hasFlowControl = options.hasFlowControl;
    this.#maxHeldBytes = options.maxHeldBytes;
    this.#credit = options.credit;
    this.#inbox = new Inbox({ handlers: options.handlers, mode: options.mode, source: this, schedule: queueMicrotask });
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('message', this.#onMessage);
    this.#socket.addEventListener('error', this.#onError);
    this.#socket.addEventListener('close', this.#onClose);
    // After the code that awaits connect() has run, through any number of promises.
    setTimeout(() => {
      this.#isGranting = true;
      this.#inbox.open();
      this.#grant();
    });
  }

  get socket(): unknown {
    return this.#socket;
  }

  get bufferedBytes(): number {
    return this.#state === 'closed' ? 0 : this.#outbox.bytes + this.#leavingBytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state === 'closed' || this.#wayOut !== 'open') return false;
    for (const chunk of chunks) this.#outbox.add(chunk);
    this.#sendAll();
    this.#needsDrain ||= this.bufferedBytes >= highWaterMarkBytes;
    this.#pollIfNeeded();
    return !this.#needsDrain;
  }

  read(): Uint8Array | undefined {
    return this.#inbox.read();
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    this.#inbox.resume();
  }

  end(): void {
    if (this.#state === 'closed' || this.#wayOut !== 'open') return;
    this.#wayOut = 'ending';
    this.#needsDrain = false;
    queueMicrotask(() => this.#send());
  }

  close(): void {
    if (this.#state === 'closed') {
      this.#inbox.discard();
      return;
    }
    this.#inbox.discard();
    this.#shut(1000, '');
    queueMicrotask(() => this.#inbox.receiveClose(undefined));
  }

  startTls(): Promise<void> {
    const where = formatAddress(this.#address.host, this.#address.port);
    return Promise.reject(
      new UsageError(`startTls() on ${where}: a WebSocket cannot be upgraded; connect with tls, which makes it wss:`),
    );
  }

  startReading(): void {
    this.#isReading = true;
    if (this.#hasFlowControl) this.#grant();
    else callIfThere(this.#socket, 'resume');
  }

  stopReading(): void {
    this.#isReading = false;
    if (!this.#hasFlowControl) callIfThere(this.#socket, 'pause');
  }

  /** What the WebSocket holds. If it does not report that, credit alone holds us back. */
  get #leavingBytes(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  #receive(data: string | Uint8Array | undefined): void {
    if (this.#state === 'closed') return;
    if (data === undefined) this.#violated('a message that is neither text nor bytes');
    else if (typeof data === 'string') this.#receiveControl(data);
    else if (data.length > 0) this.#receiveBytes(data);
  }

  #receiveBytes(bytes: Uint8Array): void {
    if (this.#hasPeerEnded) {
      this.#violated('bytes after the end');
      return;
    }
    if (this.#hasFlowControl) {
      this.#allowance -= bytes.length;
      if (this.#allowance < 0) {
        this.#violated('more bytes than were allowed');
        return;
      }
      this.#ungranted += bytes.length;
    }
    this.#mark(bytes.buffer);
    this.#inbox.receive(bytes);
    if (this.#inbox.heldBytes > this.#maxHeldBytes && !this.#hasFlowControl) {
      this.#fail(
        `more than ${this.#maxHeldBytes} bytes came while reading was paused, and a WebSocket without flow control cannot hold its peer back`,
        'too many bytes',
      );
      return;
    }
    this.#grant();
  }

  #receiveControl(text: string): void {
    const control = this.#hasFlowControl ? parseControl(text) : undefined;
    if (control === undefined) this.#violated(this.#hasFlowControl ? 'an unknown text message' : 'a text message');
    else if (control.type === 'credit') this.#receiveCredit(control.byteCount);
    else if (this.#hasPeerEnded) this.#violated('a second end');
    else {
      this.#hasPeerEnded = true;
      this.#inbox.receiveEnd();
      this.#closeWhenDone();
    }
  }

  #receiveCredit(byteCount: number): void {
    if (this.#credit + byteCount > maxCreditBytes) {
      this.#violated('too much credit');
      return;
    }
    this.#credit += byteCount;
    this.#send();
  }

  /** Lets the other side send as much as was taken, in steps of at least half the window. */
  #grant(): void {
    if (!this.#hasFlowControl || !this.#isGranting || !this.#isReading || this.#state === 'closed') return;
    if (this.#ungranted < relayWindowBytes / 2 || this.#hasPeerEnded) return;
    this.#allowance += this.#ungranted;
    this.#socket.send(formatControl({ type: 'credit', byteCount: this.#ungranted }));
    this.#ungranted = 0;
  }

  /** Sends on, reports when all has gone, ends if that was requested. Never inside a call of the user's. */
  #send(): void {
    if (this.#state === 'closed') return;
    this.#sendAll();
    if (this.#outbox.bytes === 0 && this.#wayOut === 'ending') this.#sendEnd();
    if (this.#needsDrain && this.bufferedBytes === 0 && this.#wayOut === 'open') {
      this.#needsDrain = false;
      this.#handlers.onDrain();
    }
    this.#pollIfNeeded();
  }

  #sendAll(): void {
    for (let bytes = this.#outbox.next(); bytes !== undefined; bytes = this.#outbox.next()) {
      const roomBytes = Math.min(aheadBytes - this.#leavingBytes, messageBytes);
      const byteCount = Math.min(bytes.length, roomBytes, this.#hasFlowControl ? this.#credit : messageBytes);
      if (byteCount <= 0) return;
      this.#socket.send(byteCount === bytes.length ? bytes : bytes.subarray(0, byteCount), this.#onSent);
      this.#outbox.sent(byteCount);
      this.#credit -= byteCount;
    }
    // Never fail within `write()`.
    if (this.#outbox.hasGap) queueMicrotask(() => this.#failForGap());
  }

  #failForGap(): void {
    if (this.#state !== 'closed') this.#fail(gapError().message, 'bytes are missing');
  }

  #sendEnd(): void {
    this.#wayOut = 'ended';
    if (this.#hasFlowControl) {
      this.#socket.send(formatControl({ type: 'end' }));
      this.#closeWhenDone();
    } else this.#socket.close(1000); // what was sent goes out first
  }

  #pollIfNeeded(): void {
    const before = this.#leavingBytes;
    const isWaiting = this.#needsDrain || this.#outbox.bytes > 0;
    if (this.#timer !== undefined || this.#state === 'closed' || before === 0 || !isWaiting) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const hasMoved = this.#leavingBytes < before;
      this.#pollMs = hasMoved ? shortestPollMs : Math.min(this.#pollMs * 2, longestPollMs);
      this.#send();
    }, this.#pollMs);
  }

  #closeWhenDone(): void {
    if (!this.#hasPeerEnded || this.#wayOut !== 'ended' || this.#state === 'closed') return;
    this.#shut(1000, '');
    this.#inbox.receiveClose(undefined);
  }

  /** The WebSocket is closed by the other side, or lost. */
  #closed(event: object): void {
    if (this.#state === 'closed') return;
    const close = closeDetails(event);
    const isOrderly = !this.#hasFlowControl && close.code === 1000 && this.bufferedBytes === 0;
    this.#shut(1000, '');
    if (isOrderly) this.#inbox.receiveEnd();
    this.#inbox.receiveClose(isOrderly ? undefined : closeFailure(this.#address, close, this.#error));
  }

  #violated(what: string): void {
    const agreed = this.#hasFlowControl
      ? 'the subprotocol puka-relay.v1'
      : 'AMQP over WebSocket, which has binary messages';
    this.#fail(`the peer sent ${what}, against ${agreed}`, what);
  }

  #fail(text: string, reason: string): void {
    const where = formatAddress(this.#address.host, this.#address.port);
    this.#shut(relayCloseCodes.protocolViolation, reason);
    this.#inbox.receiveClose(new ConnectionBroken(`connection to ${where} broke: ${text}`, { outcome: 'unknown' }));
  }

  #shut(code: number, reason: string): void {
    this.#state = 'closed';
    this.#outbox.clear();
    clearTimeout(this.#timer);
    // Its own listener for errors stays: an error without a listener would end a process that uses `ws`.
    this.#socket.removeEventListener('message', this.#onMessage);
    this.#socket.removeEventListener('close', this.#onClose);
    // Paused, it would not see the other side's answer.
    callIfThere(this.#socket, 'resume');
    this.#socket.close(code, reason);
  }
}

/** `ws` can be paused; the WebSocket of a browser cannot. */
function callIfThere(socket: WebSocketLike, name: 'pause' | 'resume'): void {
  const method: unknown = Reflect.get(socket, name);
  if (typeof method === 'function') method.call(socket);
}
