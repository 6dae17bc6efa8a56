/**
 * The eight octets a client opens with, and what the first octets of an answer say about who is at the other end.
 *
 * Must not: decide what to do about it.
 */

/** What a client sends first: `AMQP` 0 0 9 1. AMQP 0-9-1 §4.2.2. Copy it before you change it; do not change it. */
export const protocolHeader: Uint8Array = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1);

/** What the first octets from a server are. */
export type FirstBytes =
  /** Too few octets to tell yet. */
  | { readonly type: 'incomplete' }
  /** Frames: the server speaks AMQP 0-9-1. */
  | { readonly type: 'frames' }
  /** A protocol header, which is how a server refuses ours. RabbitMQ: `3 1 0 0` for everything it does not know, `0 0 9 1` for other versions. */
  | {
      readonly type: 'amqp';
      readonly protocolId: number;
      readonly major: number;
      readonly minor: number;
      readonly revision: number;
      /** As text: `AMQP 3 1 0 0`. */
      readonly text: string;
    }
  /** An HTTP answer, as from a management port. */
  | { readonly type: 'http'; readonly text: string }
  /** A TLS alert: the port speaks TLS. */
  | { readonly type: 'tls'; readonly text: string }
  /** An SSH greeting. */
  | { readonly type: 'ssh'; readonly text: string }
  /** Nothing known. */
  | { readonly type: 'unknown'; readonly text: string };

/** The least octets by which each kind is told apart. */
const httpStart = [0x48, 0x54, 0x54, 0x50, 0x2f];
const sshStart = [0x53, 0x53, 0x48, 0x2d];
const tlsAlertStart = [0x15, 0x03];
const amqpStart = [0x41, 0x4d, 0x51, 0x50];

/**
 * Says what the first octets of a server's answer are.
 *
 * @param bytes all that was received so far; only the first eight are looked at.
 */
export function detectProtocolHeader(bytes: Uint8Array): FirstBytes {
  if (bytes.length === 0) return { type: 'incomplete' };
  if (bytes[0] === 1) return { type: 'frames' };
  if (startsLike(bytes, amqpStart)) {
    if (bytes.length < 8) return { type: 'incomplete' };
    const [protocolId = 0, major = 0, minor = 0, revision = 0] = bytes.subarray(4, 8);
    const text = `AMQP ${protocolId} ${major} ${minor} ${revision}`;
    return { type: 'amqp', protocolId, major, minor, revision, text };
  }
  if (startsLike(bytes, httpStart)) {
    return bytes.length < httpStart.length ? { type: 'incomplete' } : { type: 'http', text: 'an HTTP answer' };
  }
  if (startsLike(bytes, sshStart)) {
    return bytes.length < sshStart.length ? { type: 'incomplete' } : { type: 'ssh', text: 'an SSH greeting' };
  }
  if (startsLike(bytes, tlsAlertStart)) {
    return bytes.length < tlsAlertStart.length ? { type: 'incomplete' } : { type: 'tls', text: 'a TLS alert' };
  }
  return { type: 'unknown', text: `octets ${hexOf(bytes)}` };
}

/** True while nothing received contradicts the start. */
function startsLike(bytes: Uint8Array, start: readonly number[]): boolean {
  const size = Math.min(bytes.length, start.length);
  for (let index = 0; index < size; index++) {
    if (bytes[index] !== start[index]) return false;
  }
  return true;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 8), (octet) => octet.toString(16).padStart(2, '0')).join(' ');
}
