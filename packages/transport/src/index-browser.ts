/** The root of the package in browsers. It must load nothing of another runtime. */
import type { TransportConnector } from './contract.ts';
import { webSocketConnector } from './websocket/index.ts';

export type * from './contract.ts';
export { freshBytes } from './fresh-bytes.ts';
/** Connects by WebSockets to a `puka relay` at the path `/`. */
export const defaultConnector: TransportConnector = /* @__PURE__ */ webSocketConnector();
