/** Joins one WebSocket with one connection to the broker. It must not decide who may connect. */
import type { Transport, TransportHandlers } from '@puka/transport';
import { acceptWebSocket, relayCloseCodes } from '@puka/transport/websocket';
import type { WebSocket } from 'ws';
import type { RelayCounter, RelayEnd } from './counts.ts';
import type { RelayLimits, RelayTimers } from './limits.ts';

/** Connects to the broker. */
export type Dial = (handlers: TransportHandlers, signal: AbortSignal) => Promise<Transport>;

/** What a bridge is made of. */
export interface BridgeOptions {
  /** Open. */
  readonly socket: WebSocket;
  /** The client, as errors name it. */
  readonly client: { readonly host: string; readonly port: number };
  readonly dial: Dial;
  readonly limits: RelayLimits;
  readonly timers: RelayTimers;
  readonly counter: RelayCounter;
}

export class Bridge {
  readonly #socket: WebSocket;
  readonly #limits: RelayLimits;
  readonly #timers: RelayTimers;
  readonly #counter: RelayCounter;
  readonly #web: Transport;
  readonly #dialling = new AbortController();
  #broker: Transport | undefined;
  #hasClientSent = false;
  #hasBrokerSent = false;
  #isOver = false;
  #lastSentMs: number;
  #cancelTimer: () => void;

  constructor({ socket, client, dial, limits, timers, counter }: BridgeOptions) {
    this.#socket = socket;
    this.#limits = limits;
    this.#timers = timers;
    this.#counter = counter;
    this.#lastSentMs = timers.now();
    this.#web = acceptWebSocket(socket, { handlers: this.#webHandlers(), ...client });
    // The client waits until the broker is there.
    this.#web.pause();
    this.#cancelTimer = timers.after(limits.handshakeTimeoutMs, () => this.#checkHandshake());
    void this.#connect(dial);
  }

  /** Bytes that wait to be sent, in either direction. */
  get bufferedBytes(): number {
    return this.#web.bufferedBytes + (this.#broker?.bufferedBytes ?? 0);
  }

  /** Closes both sides, because the relay ends. */
  stop(): void {
    this.#finish('stopped', 1001, '');
  }

  async #connect(dial: Dial): Promise<void> {
    try {
      this.#broker = await dial(this.#brokerHandlers(), this.#dialling.signal);
    } catch (error) {
      this.#finish('brokerUnreachable', relayCloseCodes.brokerUnreachable, codeOf(error));
      return;
    }
    if (this.#isOver) this.#broker.close();
    else this.#web.resume();
  }

  #webHandlers(): TransportHandlers {
    return {
      onData: (bytes) => {
        this.#hasClientSent = true;
        this.#counter.bytesUp += bytes.length;
        this.#lastSentMs = this.#timers.now();
        if (this.#broker?.write([bytes]) === false) this.#web.pause();
      },
      onReadable: () => undefined,
      onDrain: () => this.#broker?.resume(),
      onEnd: () => this.#broker?.end(),
      // After an orderly close the broker gets what was sent, and its end.
      onClose: (error) => {
        if (error !== undefined || this.#broker === undefined) this.#finish('clientLost', 1000, '');
      },
    };
  }

  #brokerHandlers(): TransportHandlers {
    return {
      onData: (bytes) => {
        this.#hasBrokerSent = true;
        this.#counter.bytesDown += bytes.length;
        this.#lastSentMs = this.#timers.now();
        if (!this.#web.write([bytes])) this.#broker?.pause();
      },
      onReadable: () => undefined,
      onDrain: () => this.#web.resume(),
      onEnd: () => this.#web.end(),
      onClose: (error) => {
        if (error === undefined) this.#over('done');
        else this.#finish('brokerLost', relayCloseCodes.brokerLost, codeOf(error));
      },
    };
  }

  #checkHandshake(): void {
    if (this.#hasClientSent && this.#hasBrokerSent) this.#checkIdle();
    else this.#finish('handshakeTimeout', relayCloseCodes.handshakeTimeout, '');
  }

  #checkIdle(): void {
    const leftMs = this.#lastSentMs + this.#limits.idleTimeoutMs - this.#timers.now();
    if (leftMs <= 0) this.#finish('idle', relayCloseCodes.idle, '');
    else this.#cancelTimer = this.#timers.after(leftMs, () => this.#checkIdle());
  }

  #finish(why: RelayEnd, code: number, reason: string): void {
    if (!this.#over(why)) return;
    this.#dialling.abort();
    this.#socket.close(code, reason);
    this.#web.close();
    this.#broker?.close();
  }

  /** @returns `false` if it was over already. */
  #over(why: RelayEnd): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#cancelTimer();
    this.#counter.ended(why);
    return true;
  }
}

/** The system's code of an error, which reveals nothing about the network behind the relay. */
function codeOf(error: unknown): string {
  const { cause } = Object(error);
  const { code } = Object(cause);
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : '';
}
