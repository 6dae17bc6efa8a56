/**
 * What goes out ahead of a body: the method and the content header. Most publishes of a channel differ from the one before in
 * nothing but the body; then the octets of that one are copied. Must not write bodies.
 */
import {
  type BasicProperties,
  type ByteWriter,
  encodeBasicPublish,
  writeContentHeader,
  writeRawContentHeader,
} from '@puka/wire';

/** Of the frame of a content header, behind the properties. AMQP 0-9-1 §4.2.3. */
const frameEndBytes = 1;
/** A longer head is not kept: encoding it anew costs little more. */
const longestKeptBytes = 512;
/** The body size has eight octets in the header; only the lower four of them are written here. */
const longestBodyBytes = 0xffff_ffff;

/** A message to publish. Properties are encoded at the call; a body of more than 16 KiB is lent until it is sent. */
export interface PublishInput {
  /** Empty for the default exchange. */
  readonly exchange: string;
  /** To the default exchange: the name of the queue. */
  readonly routingKey: string;
  /** The broker returns the message where no queue takes it. */
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
  private properties: PublishInput['properties'] | undefined = undefined;
  /** The octets of the last head; kept from the second time on. */
  private octets: Uint8Array | undefined = undefined;

  /**
   * Writes the head of a message at the beginning of a unit.
   *
   * @throws {UsageError | LimitExceeded} when it cannot be encoded: the unit is to be rolled back then.
   */
  write(writer: ByteWriter, channel: number, message: PublishInput, frameMaxBytes: number): void {
    const isAsBefore = this.isAsBefore(message);
    if (isAsBefore && this.octets !== undefined) {
      this.writeAgain(writer, this.octets, message);
      return;
    }
    encode(writer, channel, message, frameMaxBytes);
    if (isAsBefore) this.keep(writer);
    else this.remember(message);
  }

  private isAsBefore({ exchange, routingKey, mandatory, properties, body }: PublishInput): boolean {
    return (
      properties === this.properties &&
      routingKey === this.routingKey &&
      exchange === this.exchange &&
      mandatory === this.isMandatory &&
      body.length <= longestBodyBytes
    );
  }

  private remember({ exchange, routingKey, mandatory, properties }: PublishInput): void {
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.isMandatory = mandatory;
    // Their octets do not change.
    this.properties = properties instanceof Uint8Array ? properties : undefined;
    this.octets = undefined;
  }

  private keep(writer: ByteWriter): void {
    const { bytes, unitStart, position } = writer;
    if (position - unitStart <= longestKeptBytes) this.octets = bytes.slice(unitStart, position);
  }

  private writeAgain(writer: ByteWriter, octets: Uint8Array, { properties, body }: PublishInput): void {
    writer.writeBytes(octets);
    const { bytes, position } = writer;
    const { length } = body;
    const sizeEnd = position - frameEndBytes - (properties as Uint8Array).length; // As `isAsBefore` says.
    bytes[sizeEnd - 4] = length >>> 24;
    bytes[sizeEnd - 3] = length >>> 16;
    bytes[sizeEnd - 2] = length >>> 8;
    bytes[sizeEnd - 1] = length;
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
