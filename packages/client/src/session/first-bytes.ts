/**
 * Looks at the first bytes of a connection: an AMQP 0-9-1 broker, or something else. Must not decode frames.
 */
import { type PukaError, peerText, UnsupportedProtocol } from '@puka/errors';
import { detectProtocolHeader } from '@puka/wire';

/** Octets that are enough to identify any other protocol. */
const enoughBytes = 8;

/** Holds the first bytes back until they show what the peer is. */
export class FirstBytesCheck {
  private held: Uint8Array = new Uint8Array(0);

  /**
   * Takes the next bytes.
   *
   * @returns all bytes so far, when they are a broker's; `undefined` while that is not known.
   * @throws {UnsupportedProtocol} for another protocol, which is named.
   */
  receive(bytes: Uint8Array): Uint8Array | undefined {
    const all = this.held.length === 0 ? bytes : joined(this.held, bytes);
    if (all.length === 0) return undefined;
    // A frame starts with its type, which is 1 here.
    if (all[0] === 1) return all;
    this.held = all;
    if (all.length < enoughBytes) return undefined;
    throw otherProtocolError(all);
  }

  /** The stream ended. @returns what the peer was, if the few bytes that came show it. */
  end(): PukaError | undefined {
    return this.held.length === 0 ? undefined : otherProtocolError(this.held);
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}

function otherProtocolError(bytes: Uint8Array): PukaError {
  const found = detectProtocolHeader(bytes);
  switch (found.type) {
    case 'amqp':
      return new UnsupportedProtocol(
        // RabbitMQ: it answers 3 1 0 0 to everything it does not know, so this need not be a broker of AMQP 1.0 only.
        `the broker does not take AMQP 0-9-1 on this port: it answered with the header of ${peerText(found.text)}`,
      );
    case 'tls':
      return new UnsupportedProtocol('the port answered with a TLS alert: it speaks TLS only, use amqps://');
    case 'http':
      return new UnsupportedProtocol(
        'the port speaks HTTP, not AMQP; RabbitMQ has its management on 15672 and AMQP on 5672',
      );
    case 'ssh':
      return new UnsupportedProtocol('the port speaks SSH, not AMQP');
    case 'unknown':
      return new UnsupportedProtocol(
        `what answers on this port is not an AMQP broker: it sent ${peerText(found.text)}`,
      );
    default:
      return new UnsupportedProtocol(
        'what answers on this port is not an AMQP broker: it sent too few octets to identify its protocol',
      );
  }
}
