/**
 * The eight octets that a client sends first, and the recognition of the peer by the first octets of its answer.
 *
 * Must not: decide what follows from it.
 */

/** The first octets of a client: `AMQP` 0 0 9 1. AMQP 0-9-1 §4.2.2. Copy it before you change it; do not change it. */
export const protocolHeader: Uint8Array = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1);

/** The kind of the first octets from a server. */
export type FirstBytes =
  | {
      /** Too few octets to recognise the kind. */
      readonly type: 'incomplete';
    }
  | {
      /** Frames: the server speaks AMQP 0-9-1. */
      readonly type: 'frames';
    }
  | {
      /**
       * A protocol header: the server refuses ours. RabbitMQ: `3 1 0 0` for everything it does not know, `0 0 9 1` for other
       * versions.
       */
      readonly type: 'amqp';
      /** The fifth octet. */
      readonly protocolId: number;
      /** The sixth octet. */
      readonly major: number;
      /** The seventh octet. */
      readonly minor: number;
      /** The eighth octet. */
      readonly revision: number;
      /** As text: `AMQP 3 1 0 0`. */
      readonly text: string;
    }
  | {
      /**
       * Something else. `http`: an HTTP answer, as from a management port. `tls`: a TLS alert, as from a port that speaks TLS.
       * `ssh`: an SSH greeting. `unknown`: anything else.
       */
      readonly type: 'http' | 'tls' | 'ssh' | 'unknown';
      /** What answered, in words. */
      readonly text: string;
    };

/** The shortest start of each kind. */
const httpStart = [0x48, 0x54, 0x54, 0x50, 0x2f];
const sshStart = [0x53, 0x53, 0x48, 0x2d];
const tlsAlertStart = [0x15, 0x03];
const amqpStart = [0x41, 0x4d, 0x51, 0x50];

/**
 * Recognises the kind of a server's answer by its first octets.
 *
 * @param bytes everything received so far; only the first eight octets are read.
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

/** True if the received octets match the start as far as they go. */
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
