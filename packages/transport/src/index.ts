/**
 * The root of the package: the contract, and as `defaultConnector` the adapter of the runtime at hand.
 * The choice is made by the package's export conditions, one index file a runtime; nothing here sniffs.
 */
export type * from './contract.ts';
export { freshBytes } from './fresh-bytes.ts';
export { nodeConnector as defaultConnector } from './node/index.ts';
