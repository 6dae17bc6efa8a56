// Bytes written and compared in hex.

export { diffBytes, expectBytes } from './diff-bytes.ts';
export { fromHex, hex, toHex } from './hex.ts';
