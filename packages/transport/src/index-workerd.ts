/** The root of the package in Cloudflare Workers. It must load nothing of another runtime. */

export { cloudflareConnector as defaultConnector } from './cloudflare/index.ts';
export type * from './contract.ts';
export { freshBytes } from './fresh-bytes.ts';
