/** Globals of Node that tests use and that older versions of Deno lack. What is tested does not get them from here. */
export { Buffer } from 'node:buffer';
export { setImmediate } from 'node:timers';
