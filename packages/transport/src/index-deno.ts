/** The root of the package on Deno. It must load nothing of another runtime. */
export type * from './contract.ts';
export { denoConnector as defaultConnector } from './deno/index.ts';
export { freshBytes } from './fresh-bytes.ts';
