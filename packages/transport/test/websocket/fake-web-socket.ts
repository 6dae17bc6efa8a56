/** A WebSocket without a network: the test is its other side. It must not test anything. */
import type { WebSocketConstructor, WebSocketLike } from '@puka/transport/websocket';

type EventType = 'open' | 'message' | 'close' | 'error';

export class FakeWebSocket implements WebSocketLike {
  readonly url: string;
  readonly protocols: readonly string[] | undefined;
  binaryType = 'blob';
  bufferedAmount = 0;
  protocol = '';
  /** What was given to `send()`: text, or a copy of the bytes. */
  readonly sent: (string | Uint8Array)[] = [];
  /** What `close()` was called with, each time. */
  readonly closes: (readonly [code: number | undefined, reason: string | undefined])[] = [];
  readonly #listeners = new Map<EventType, Set<(event: object) => void>>();

  constructor(url = 'ws://relay:1/', protocols?: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(data: string | Uint8Array): void {
    this.sent.push(typeof data === 'string' ? data : data.slice());
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
  }

  addEventListener(type: EventType, listener: (event: object) => void): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: EventType, listener: (event: object) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** How many listen to an event. */
  count(type: EventType): number {
    return this.#listeners.get(type)?.size ?? 0;
  }

  emit(type: EventType, event: object = {}): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event);
  }

  /** The other side sends a message. */
  message(data: string | Uint8Array): void {
    this.emit('message', { data: typeof data === 'string' ? data : Uint8Array.from(data).buffer });
  }

  open(protocol = 'puka-relay.v1'): void {
    this.protocol = protocol;
    this.emit('open');
  }
}

/** A class for `webSocketConnector({ WebSocket })`, and what it has made. */
export function fakeWebSockets(): { readonly WebSocket: WebSocketConstructor; readonly made: FakeWebSocket[] } {
  const made: FakeWebSocket[] = [];
  class Recorded extends FakeWebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      made.push(this);
    }
  }
  return { WebSocket: Recorded, made };
}
