/**
 * What goes out before a body: the method and the content header. Most publishes of a channel have the route of the one
 * before, and properties of the same length; then the octets of that head are copied. Must not write bodies.
 */
import {
  type BasicProperties,
  type ByteWriter,
  encodeBasicPublish,
  writeContentHeader,
  writeRawContentHeader,
} from '@puka/wire';

/** Of the frame of a content header, after the properties. AMQP 0-9-1 §4.2.3. */
const frameEndBytes = 1;
/** A longer head is not kept: encoding it anew costs little more. */
const longestKeptBytes = 512;
/** From so many bytes on the native `set` is faster than a loop. */
const nativeCopyFromBytes = 96;
/** The body size has eight octets in the header; only the lower four of them are written here. */
const longestBodyBytes = 0xffff_ffff;

/** A message to publish. Properties are encoded at the call; a body of more than 16 KiB is lent until it is sent. */
export interface PublishInput {
  /** Empty for the default exchange. */
  readonly exchange: string;
  /** To the default exchange: the name of the queue. */
  readonly routingKey: string;
  /** The broker returns the message if no queue takes it. */
  readonly mandatory: boolean;
  /** Properties, or the bytes of encoded ones. */
  readonly properties: BasicProperties | Uint8Array;
  /** Lent until the output was taken. */
  readonly body: Uint8Array;
}

/** The heads of the publishes of one channel. */
export class PublishHead {
  private exchange = '';
  private routingKey = '';
  private isMandatory = false;
  /** Of encoded properties; -1 of others. */
  private propertiesBytes = -1;
  /** The octets of the last head; kept from the second time on. */
  private octets: Uint8Array | undefined = undefined;

  /**
   * Writes the head of a message at the beginning of a unit.
   *
   * @throws {UsageError | LimitExceeded} when it cannot be encoded: roll the unit back then.
   */
  write(writer: ByteWriter, channel: number, message: PublishInput, frameMaxBytes: number): void {
    const { properties } = message;
    const encoded = properties instanceof Uint8Array ? properties : undefined;
    const isAsBefore = encoded !== undefined && this.isAsBefore(message, encoded.length);
    if (isAsBefore && this.octets !== undefined) {
      writeAgain(writer, this.octets, encoded, message.body.length);
      return;
    }
    encode(writer, channel, message, frameMaxBytes);
    if (isAsBefore) this.keep(writer);
    else this.remember(message, encoded?.length ?? -1);
  }

  /** The properties may differ: they are copied anew. */
  private isAsBefore({ exchange, routingKey, mandatory, body }: PublishInput, propertiesBytes: number): boolean {
    return (
      propertiesBytes === this.propertiesBytes &&
      routingKey === this.routingKey &&
      exchange === this.exchange &&
      mandatory === this.isMandatory &&
      body.length <= longestBodyBytes
    );
  }

  private remember({ exchange, routingKey, mandatory }: PublishInput, propertiesBytes: number): void {
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.isMandatory = mandatory;
    this.propertiesBytes = propertiesBytes;
    this.octets = undefined;
  }

  private keep(writer: ByteWriter): void {
    const { bytes, unitStart, position } = writer;
    if (position - unitStart <= longestKeptBytes) this.octets = bytes.slice(unitStart, position);
  }
}

/** Writes the head with another body size and other properties of the same length in it. */
function writeAgain(writer: ByteWriter, octets: Uint8Array, properties: Uint8Array, bodyBytes: number): void {
  writer.writeBytes(octets);
  const { bytes, position } = writer;
  const start = position - frameEndBytes - properties.length;
  bytes[start - 4] = bodyBytes >>> 24;
  bytes[start - 3] = bodyBytes >>> 16;
  bytes[start - 2] = bodyBytes >>> 8;
  bytes[start - 1] = bodyBytes;
  if (properties.length < nativeCopyFromBytes) {
    for (let at = 0; at < properties.length; at++) bytes[start + at] = properties[at] ?? 0;
  } else {
    bytes.set(properties, start);
  }
}

function encode(writer: ByteWriter, channel: number, message: PublishInput, frameMaxBytes: number): void {
  encodeBasicPublish(writer, channel, message, frameMaxBytes);
  const { properties, body } = message;
  if (properties instanceof Uint8Array) {
    writeRawContentHeader(writer, channel, body.length, properties, frameMaxBytes);
  } else {
    writeContentHeader(writer, channel, body.length, properties, frameMaxBytes);
  }
}
