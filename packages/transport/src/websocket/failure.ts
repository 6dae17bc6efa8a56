/** Explains in words why a WebSocket was closed. It must not use a runtime's types. */
import { ConnectionBroken } from '@puka/errors';
import { formatAddress } from '../failure.ts';
import { relayCloseCodes } from './relay-protocol.ts';
import type { WebSocketClose } from './web-socket-api.ts';

/** RFC 6455 §7.4.1, and the codes of a relay. */
const meanings: ReadonlyMap<number, string> = new Map([
  [1000, 'the peer closed the WebSocket'],
  [1001, 'the relay is shutting down'],
  [1005, 'the peer closed the WebSocket without a reason'],
  [1006, 'the connection was lost'],
  [1008, 'the relay does not allow it'],
  [1009, 'a message was larger than the relay allows'],
  [1011, 'the relay failed'],
  [1013, 'the relay has too many connections'],
  [relayCloseCodes.protocolViolation, 'the two sides do not agree about the subprotocol puka-relay.v1'],
  [relayCloseCodes.brokerUnreachable, 'the relay cannot reach the broker'],
  [relayCloseCodes.brokerLost, 'the relay lost its connection to the broker'],
  [relayCloseCodes.idle, 'the relay closed the connection because nothing was sent for too long'],
  [relayCloseCodes.handshakeTimeout, 'the connection through the relay was not made in time'],
]);

/** Where a WebSocket leads. */
export interface WebSocketAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** The error of a WebSocket that was closed before it carried anything. */
export function openFailure(
  address: WebSocketAddress,
  close: WebSocketClose,
  error: Error | undefined,
): ConnectionBroken {
  const where = formatAddress(address.host, address.port);
  const reason =
    close.code === 1006 || close.code === 1002
      ? `the WebSocket ${address.url} could not be opened; ${reasonOf(error)}`
      : describeClose(close);
  return new ConnectionBroken(`could not connect to ${where}: ${reason}`, {
    cause: error ?? closeError(close),
    outcome: 'not-sent',
  });
}

/** The error of a WebSocket that was open. */
export function closeFailure(
  address: WebSocketAddress,
  close: WebSocketClose,
  error: Error | undefined,
): ConnectionBroken {
  const where = formatAddress(address.host, address.port);
  return new ConnectionBroken(`connection to ${where} broke: ${describeClose(close)}`, {
    cause: error ?? closeError(close),
    outcome: 'unknown',
  });
}

function describeClose({ code, reason }: WebSocketClose): string {
  const meaning = meanings.get(code) ?? 'the peer closed the WebSocket';
  return reason === '' ? `${meaning} (close code ${code})` : `${meaning} (close code ${code}: ${reason})`;
}

function closeError({ code, reason }: WebSocketClose): Error {
  return new Error(`WebSocket closed with code ${code}${reason === '' ? '' : `: ${reason}`}`);
}

function reasonOf(error: Error | undefined): string {
  const code = error !== undefined && 'code' in error ? ` (${String(error.code)})` : '';
  const known = error === undefined || error.message === '' ? '' : `: ${error.message}${code}`;
  return (
    'is a relay running there, does it allow the origin of this page, and does it speak puka-relay.v1? ' +
    `For a server without that subprotocol, give flowControl: false${known}`
  );
}
