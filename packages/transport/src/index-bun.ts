/** The root of the package on Bun. It must load nothing of another runtime. */

export { bunConnector as defaultConnector } from './bun/index.ts';
export type * from './contract.ts';
export { freshBytes } from './fresh-bytes.ts';
