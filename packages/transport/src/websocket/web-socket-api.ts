/**
 * The part of a `WebSocket` that the adapter uses, written out so that no program needs the DOM's types for it. The global
 * `WebSocket` of every runtime fits, and so do the sockets of `ws`. It must not connect.
 */
import { UsageError } from '@puka/errors';

/** An open or opening WebSocket. */
export interface WebSocketLike {
  /** Set to `arraybuffer`. */
  binaryType: string;
  /** Bytes passed to `send()` that have not left yet. Cloudflare Workers do not report them. */
  readonly bufferedAmount?: number | undefined;
  /** What the two sides have agreed on; empty for none. */
  readonly protocol: string;
  /** `ws` calls `sent` when the message has left; other implementations ignore it. */
  send(data: string | Uint8Array, sent?: () => void): void;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Adds a listener. */
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: object) => void): void;
  /** Takes a listener away. */
  removeEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: object) => void): void;
}

/** What makes a WebSocket: the global `WebSocket`, or that of `ws`. */
export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

/** Why a WebSocket was closed, from its `close` event. */
export interface WebSocketClose {
  /** RFC 6455 §7.4; 1006 if the connection was lost without a close. */
  readonly code: number;
  readonly reason: string;
}

/**
 * The global `WebSocket`.
 *
 * @throws UsageError if there is none.
 */
export function globalWebSocket(): WebSocketConstructor {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  if (!isWebSocketConstructor(found)) {
    throw new UsageError(
      'this runtime has no global WebSocket (Node 20 has none): install ws, and give it as ' +
        "webSocketConnector({ WebSocket }), with import { WebSocket } from 'ws'",
    );
  }
  return found;
}

/** Whether a value can be called with `new`. */
export function isWebSocketConstructor(value: unknown): value is WebSocketConstructor {
  return typeof value === 'function';
}

/** The data of a `message` event: text, or bytes where `binaryType` is `'arraybuffer'`; `undefined` for anything else. */
export function messageData(event: object): string | Uint8Array | undefined {
  const data: unknown = Reflect.get(event, 'data');
  if (typeof data === 'string') return data;
  // Not `instanceof`: the buffer may come from another realm.
  const isBuffer = Object.prototype.toString.call(data) === '[object ArrayBuffer]';
  return isBuffer ? new Uint8Array(data as ArrayBuffer) : undefined;
}

/** The fields of a `close` event. */
export function closeDetails(event: object): WebSocketClose {
  const code: unknown = Reflect.get(event, 'code');
  const reason: unknown = Reflect.get(event, 'reason');
  return { code: typeof code === 'number' ? code : 1006, reason: typeof reason === 'string' ? reason : '' };
}

/** The error of an `error` event, if the runtime has one. Browsers do not, so that a page cannot search a network. */
export function eventError(event: object): Error | undefined {
  const error: unknown = Reflect.get(event, 'error');
  return error instanceof Error ? error : undefined;
}
