/** The transport contract over WebSockets, through a relay: with the sockets of `ws`, and of the runtime where it has them. */
import { defineTransportContract, makeCertificates, socketHarness } from '@puka/testkit/transport-contract';
import { type WebSocketConstructor, webSocketConnector } from '@puka/transport/websocket';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';
import { relayHarness } from './relay-harness.ts';

const api = { describe, it, expect };
const certificates = makeCertificates();
const { WebSocket: globalWebSocket }: { readonly WebSocket?: WebSocketConstructor } = globalThis;
const cleanUps: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(cleanUps.map((cleanUp) => cleanUp())));

function define(name: string, WebSocket: WebSocketConstructor): void {
  const connector = webSocketConnector({ WebSocket });
  const sockets = socketHarness({ name, connector, certificates, isSecure: false });
  const { harness, stop } = relayHarness(sockets);
  cleanUps.push(stop);
  defineTransportContract(api, harness);
}

define('WebSocket of ws', WsWebSocket);
if (globalWebSocket !== undefined) define('global WebSocket', globalWebSocket);
