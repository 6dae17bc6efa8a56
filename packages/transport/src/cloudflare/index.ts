/** Subpath `./cloudflare`: transports over `connect()` of `cloudflare:sockets`. */
export type * from '../contract.ts';
export { cloudflareConnector } from './connector.ts';
