/** Subpath `./websocket`: transports over WebSockets, for browsers and whatever else has them. */
export type * from '../contract.ts';
export {
  type AcceptWebSocketOptions,
  acceptWebSocket,
  type WebSocketConnectorOptions,
  webSocketConnector,
} from './connector.ts';
export { relayCloseCodes, relayProtocol, relayWindowBytes } from './relay-protocol.ts';
export type { WebSocketConstructor, WebSocketLike } from './web-socket-api.ts';
