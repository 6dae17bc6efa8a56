/**
 * Joins the frames of a published message on one channel, with RabbitMQ's words for what is out of place. Must not look into
 * properties or body. AMQP 0-9-1 §4.2.6.
 */
import { UnexpectedFrame } from '@puka/errors';
import { type BasicPublish, contentPropertiesOffset, PropertiesReader } from '@puka/wire';
import { tableLimits } from '../model/message.ts';

/** A message as it came, in memory of its own. */
export interface PublishedContent {
  readonly method: BasicPublish;
  readonly properties: PropertiesReader;
  readonly body: Uint8Array;
}

const basicClass = 60;
const noMemory = new Uint8Array(0);
/** Bodies up to this size get their memory at once; larger ones as they come. */
const trustedBodyBytes = 1_048_576;

/** Joins the frames of a published message on one channel, with RabbitMQ's words for what is out of place. */
export class ContentReader {
  private method: BasicPublish | undefined;
  private expects: 'method' | 'header' | 'body' = 'method';
  private memory: Uint8Array<ArrayBuffer> = noMemory;
  private propertiesBytes = 0;
  private bodyBytes = 0;
  private receivedBytes = 0;

  /** A message is half there, so that no other method may come. */
  get isUnderWay(): boolean {
    return this.expects !== 'method';
  }

  /** Takes the method that announces a message. */
  start(method: BasicPublish): void {
    this.method = method;
    this.expects = 'header';
  }

  /** RabbitMQ's error for a method that comes in the middle of a message. */
  outOfPlace(): UnexpectedFrame {
    return this.expects === 'header'
      ? new UnexpectedFrame(`expected content header for class ${basicClass}, got non content header frame instead`)
      : new UnexpectedFrame('expected content body, got non content body frame instead');
  }

  /** Takes a content header. @returns the message if it is whole: an empty body has no body frame. */
  header(bytes: Uint8Array, start: number, end: number): PublishedContent | undefined {
    if (this.expects === 'method') throw notInContent();
    if (this.expects === 'body') throw this.outOfPlace();
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
    if (view.byteLength < contentPropertiesOffset) throw this.outOfPlace();
    const classId = view.getUint16(0);
    // RabbitMQ: the text for a weight other than 0 is that for a missing header.
    if (view.getUint16(2) !== 0) throw this.outOfPlace();
    if (classId !== basicClass) {
      throw new UnexpectedFrame(
        `expected content header for class ${basicClass}, got one for class ${classId} instead`,
      );
    }
    this.bodyBytes = Number(view.getBigUint64(4));
    this.propertiesBytes = end - start - contentPropertiesOffset;
    this.receivedBytes = 0;
    this.memory = new Uint8Array(this.propertiesBytes + Math.min(this.bodyBytes, trustedBodyBytes));
    this.memory.set(bytes.subarray(start + contentPropertiesOffset, end));
    this.expects = 'body';
    return this.bodyBytes === 0 ? this.finish() : undefined;
  }

  /** Takes the next piece of the body. @returns the message if it is whole. */
  body(bytes: Uint8Array, start: number, end: number): PublishedContent | undefined {
    if (this.expects === 'method') throw notInContent();
    if (this.expects === 'header') throw this.outOfPlace();
    const needed = this.propertiesBytes + this.receivedBytes + end - start;
    if (needed > this.memory.length) this.grow(needed);
    this.memory.set(bytes.subarray(start, end), this.propertiesBytes + this.receivedBytes);
    this.receivedBytes += end - start;
    // RabbitMQ 3.10 waits on when more has come than was announced; nothing can follow on the channel.
    return this.receivedBytes === this.bodyBytes ? this.finish() : undefined;
  }

  private finish(): PublishedContent | undefined {
    const { method, memory, propertiesBytes } = this;
    this.expects = 'method';
    this.method = undefined;
    this.memory = noMemory;
    if (method === undefined) return undefined;
    const body = memory.subarray(propertiesBytes, propertiesBytes + this.bodyBytes);
    const properties = new PropertiesReader(memory, 0, propertiesBytes, tableLimits);
    return { method, properties, body };
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.memory.length * 2));
    larger.set(this.memory);
    this.memory = larger;
  }
}

function notInContent(): UnexpectedFrame {
  return new UnexpectedFrame('expected method frame, got non method frame instead');
}
