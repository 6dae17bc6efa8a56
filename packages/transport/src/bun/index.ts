/** Subpath `./bun`: transports over `Bun.connect`. */
export type * from '../contract.ts';
export { bunConnector } from './connector.ts';
