/**
 * The WebSocket subprotocol `puka-relay.v1`: a byte stream with flow control and half close, which a WebSocket alone lacks.
 * It must not touch a socket.
 *
 * Binary messages are the bytes of the stream. Text messages control it, and each side sends both of them:
 *
 * - `credit N`: the receiver may send N more bytes in binary messages. Nothing may be sent without credit. The first credit of
 *   a relay reports that it is connected to the broker.
 * - `end`: no more bytes follow in this direction.
 */

/** The name of the subprotocol, as in `Sec-WebSocket-Protocol`. RFC 6455 §1.9. */
export const relayProtocol = 'puka-relay.v1';

/** How many bytes each side of a relay lets the other send ahead: 256 KiB. */
export const relayWindowBytes: number = 256 * 1024;

/** Why a relay closed a WebSocket: its close codes. RFC 6455 §7.4.2 leaves 4000 to 4999 to applications. */
export const relayCloseCodes = {
  /** The peer did what the subprotocol does not allow. */
  protocolViolation: 4000,
  /** The broker cannot be reached; the reason is the system's error code. */
  brokerUnreachable: 4001,
  /** The connection to the broker broke; the reason is the system's error code. */
  brokerLost: 4002,
  /** Nothing was sent for too long. */
  idle: 4003,
  /** The connection was not made in time. */
  handshakeTimeout: 4004,
} as const;

/** A text message of the subprotocol. */
export type RelayControl = { readonly type: 'credit'; readonly byteCount: number } | { readonly type: 'end' };

/** The most credit that one side may hold. */
export const maxCreditBytes: number = 2 ** 31 - 1;

/** The text of a control message. */
export function formatControl(control: RelayControl): string {
  return control.type === 'end' ? 'end' : `credit ${control.byteCount}`;
}

/** @returns `undefined` for a text that is no control message. */
export function parseControl(text: string): RelayControl | undefined {
  if (text === 'end') return { type: 'end' };
  const [, digits] = /^credit ([1-9][0-9]{0,9})$/.exec(text) ?? [];
  const byteCount = Number(digits);
  return byteCount <= maxCreditBytes ? { type: 'credit', byteCount } : undefined;
}
