/** Node's `tls`, loaded by the first connection that needs it: it takes 8 ms of the start of a program. */
export function tlsModule(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}
