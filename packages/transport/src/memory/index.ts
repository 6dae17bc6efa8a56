/** Subpath `./memory`: transports without a network, for tests. */
export type * from '../contract.ts';
export type { MemoryAccept, MemoryConnectorOptions } from './memory-connector.ts';
export { memoryConnector } from './memory-connector.ts';
export { createMemoryPair } from './memory-pair.ts';
export type { MemoryPairOptions, MemoryTransport } from './memory-transport.ts';
