/** Subpath `./node`: transports over `node:net` and `node:tls`. */
export type * from '../contract.ts';
export { nodeConnector } from './connector.ts';
