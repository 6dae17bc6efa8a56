/** The first eight octets of a client, in any chunking. Must not answer them. AMQP 0-9-1 §4.2.2. */
import { protocolHeader } from '@puka/wire';

/** The first eight octets of a client, in any chunking. */
export class ProtocolHeaderReader {
  private readonly octets: number[] = [];

  /**
   * Takes bytes until the header is whole.
   *
   * @returns `undefined` while it is not; else whether it is AMQP 0-9-1, and what came after it.
   */
  read(bytes: Uint8Array): { readonly isOurs: boolean; readonly rest: Uint8Array } | undefined {
    const missing = protocolHeader.length - this.octets.length;
    this.octets.push(...bytes.subarray(0, missing));
    if (this.octets.length < protocolHeader.length) return undefined;
    const text = this.octets.slice(4).join('.');
    const isAmqp = this.octets.slice(0, 4).every((octet, index) => octet === protocolHeader[index]);
    // RabbitMQ: an old way of asking for the same protocol is taken too.
    return { isOurs: isAmqp && (text === '0.0.9.1' || text === '1.1.0.9'), rest: bytes.subarray(missing) };
  }
}
