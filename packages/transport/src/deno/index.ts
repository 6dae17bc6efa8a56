/** Subpath `./deno`: transports over `Deno.connect`, `Deno.connectTls` and `Deno.startTls`. */
export type * from '../contract.ts';
export { denoConnector } from './connector.ts';
