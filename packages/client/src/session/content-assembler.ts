/**
 * Joins method, header and body frames of one channel into a message, by bytes, never by count of frames. A body over a
 * limit is passed over: its bytes are counted and not kept. Must not decode what was not asked for.
 */
import { UnexpectedFrame } from '@puka/errors';
import { contentBodySize, contentPropertiesOffset } from '@puka/wire';
import type { BodyMemory, ContentKind, ReceivedContent } from './sinks.ts';

const noBytes = new Uint8Array(0);
/** Bodies up to this size get their array at once; larger ones grow with what has really arrived. */
const trustedBodyBytes = 1_048_576;

/**
 * A body of so many bytes is copied as it comes, with its method and header. What was read holds nothing of such a message,
 * and the transport reads into the same memory again, which is in the processor's cache. Smaller bodies stay where they were
 * read: fresh memory to read into costs them less than memory of their own.
 */
const copiedFromBytes = 131_072;

/** Methods and headers that are copied lie one after the other, in blocks of this size. */
const headBlockBytes = 4096;

/** Counts what all channels of a session keep. */
export interface KeptCounts {
  /** Bytes of the properties and bodies of unfinished messages. */
  halfMessageBytes: number;
  /** Views into what is being received just now. */
  keptViews: number;
}

/** One for each channel. */
export class ContentAssembler {
  /** What has been received. It can be handed on once `header()` or `body()` returned `true`. */
  readonly content: ReceivedContent = {
    kind: 'deliver',
    deliveryTag: 0,
    methodBytes: noBytes,
    methodStart: 0,
    methodEnd: 0,
    propertiesBytes: noBytes,
    propertiesStart: 0,
    propertiesEnd: 0,
    bodyBytes: noBytes,
    bodyStart: 0,
    bodyEnd: 0,
    bodyMemory: undefined,
    overLimit: undefined,
  };
  /** Where bodies are copied to as they come; `undefined` is fresh memory, and only for large ones. */
  memory: BodyMemory | undefined = undefined;
  /** The longest body that was published here and may be returned, in bytes. */
  longestPublished = 0;
  private expects: 'method' | 'header' | 'body' = 'method';
  private bodySize = 0;
  private received = 0;
  /** What there is of the body lies where it was read. */
  private isWhereItWasRead = false;
  /** The body is passed over. */
  private isPassingOver = false;
  /** What heads are copied to, and how far it is used. */
  private headBlock = noBytes;
  private headBlockUsed = 0;
  private readonly maxMessageBytes: number;
  private readonly counts: KeptCounts;
  private readonly newBody: (byteCount: number) => Uint8Array;

  constructor(maxMessageBytes: number, counts: KeptCounts, newBody: (byteCount: number) => Uint8Array = newBytes) {
    this.maxMessageBytes = maxMessageBytes;
    this.counts = counts;
    this.newBody = newBody;
  }

  /** Whether a message is half there, so that no other method may come on its channel. AMQP 0-9-1 §4.2.6. */
  get isUnderWay(): boolean {
    return this.expects !== 'method';
  }

  /** Bytes that it keeps of an unfinished message. */
  get keptBytes(): number {
    if (this.expects !== 'body' || this.isPassingOver) return 0;
    return this.received + this.content.propertiesEnd - this.content.propertiesStart;
  }

  /** Takes a method that announces content. */
  method(kind: ContentKind, bytes: Uint8Array, start: number, end: number): void {
    const { content } = this;
    content.kind = kind;
    content.methodBytes = bytes;
    content.methodStart = start;
    content.methodEnd = end;
    this.counts.keptViews++;
    this.expects = 'header';
  }

  /**
   * Takes a content header.
   *
   * @returns whether the message can be handed on: it is whole, because an empty body has no body frame, or it is over
   *   `maxMessageBytes`, and its body will be passed over.
   * @throws {UnexpectedFrame} if none is due.
   */
  header(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.expects !== 'header') throw new UnexpectedFrame('a content header came without its method');
    const size = contentBodySize(bytes, start, end);
    const { content, memory } = this;
    const isCopied = size >= (memory?.copiedFromBytes ?? copiedFromBytes) && size <= this.maxMessageBytes;
    if (isCopied) {
      this.copyHead(bytes, start, end);
    } else {
      this.counts.keptViews++;
      content.propertiesBytes = bytes;
      content.propertiesStart = start + contentPropertiesOffset;
      content.propertiesEnd = end;
    }
    this.isWhereItWasRead = !isCopied;
    content.bodyMemory = isCopied ? memory : undefined;
    content.bodyBytes = noBytes;
    content.bodyStart = 0;
    content.bodyEnd = 0;
    this.bodySize = size;
    this.received = 0;
    content.overLimit = undefined;
    if (size === 0) {
      this.expects = 'method';
      return true;
    }
    this.expects = 'body';
    this.counts.halfMessageBytes += content.propertiesEnd - content.propertiesStart;
    if (size <= this.maxMessageBytes) return false;
    // What comes back is no longer than what was sent.
    if (content.kind === 'return' && size <= this.longestPublished) return false;
    this.passOver(`a message of ${size} bytes came; the limit maxMessageBytes is ${this.maxMessageBytes}`);
    return true;
  }

  /** Drops the body of the unfinished message, and what is still to come of it. @param why names the limit. */
  passOver(why: string): void {
    this.counts.halfMessageBytes -= this.keptBytes;
    this.isPassingOver = true;
    const { content } = this;
    content.overLimit = why;
    content.bodyMemory = undefined;
    content.bodyBytes = noBytes;
    content.bodyStart = 0;
    content.bodyEnd = 0;
  }

  /** The channel is gone: nothing is kept any more. */
  end(): void {
    this.counts.halfMessageBytes -= this.keptBytes;
    this.expects = 'method';
    this.release();
  }

  /**
   * Takes the next piece of the body. A short one that comes in one piece is not copied, nor one whose pieces lie side by side.
   *
   * @returns whether the message is whole and can be handed on.
   * @throws {UnexpectedFrame} if none is due, and for more bytes than announced.
   */
  body(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.expects !== 'body') throw new UnexpectedFrame('a body frame came without a content header');
    const total = this.received + end - start;
    if (total > this.bodySize) {
      throw new UnexpectedFrame(`a body of ${this.bodySize} bytes was announced and ${total} came`);
    }
    const isWhole = total === this.bodySize;
    if (isWhole) {
      this.counts.halfMessageBytes -= this.keptBytes;
      this.expects = 'method';
    }
    if (this.isPassingOver) {
      this.received = total;
      if (isWhole) this.isPassingOver = false;
      return false;
    }
    const { content } = this;
    if (this.received === 0 && this.isWhereItWasRead) {
      content.bodyBytes = bytes;
      content.bodyStart = start;
      content.bodyEnd = end;
      this.counts.keptViews++;
    } else if (end > start && !this.takesNext(bytes, start, end)) {
      this.makeRoom(total);
      content.bodyBytes.set(bytes.subarray(start, end), this.received);
      content.bodyEnd = total;
    }
    this.received = total;
    if (!isWhole) this.counts.halfMessageBytes += end - start;
    return isWhole;
  }

  /** Releases the bytes of the last message. */
  release(): void {
    const { content } = this;
    content.methodBytes = noBytes;
    content.propertiesBytes = noBytes;
    content.bodyBytes = noBytes;
  }

  /** Copies the method and the header. */
  private copyHead(bytes: Uint8Array, start: number, end: number): void {
    const { content, counts } = this;
    if (content.methodBytes === bytes) counts.keptViews--;
    const propertiesStart = start + contentPropertiesOffset;
    const methodLength = content.methodEnd - content.methodStart;
    this.makeHeadRoom(methodLength + end - propertiesStart);
    content.methodStart = this.addToHead(content.methodBytes, content.methodStart, content.methodEnd);
    content.methodEnd = content.methodStart + methodLength;
    content.methodBytes = this.headBlock;
    content.propertiesStart = this.addToHead(bytes, propertiesStart, end);
    content.propertiesEnd = this.headBlockUsed;
    content.propertiesBytes = this.headBlock;
  }

  private makeHeadRoom(byteCount: number): void {
    if (this.headBlock.length - this.headBlockUsed >= byteCount) return;
    this.headBlock = new Uint8Array(Math.max(headBlockBytes, byteCount));
    this.headBlockUsed = 0;
  }

  /** @returns where they begin in the block. */
  private addToHead(bytes: Uint8Array, start: number, end: number): number {
    const at = this.headBlockUsed;
    this.headBlock.set(bytes.subarray(start, end), at);
    this.headBlockUsed += end - start;
    return at;
  }

  /** Takes a piece that was read right after the others, as large reads are. @returns whether it was. */
  private takesNext(bytes: Uint8Array, start: number, end: number): boolean {
    const { bodyBytes, bodyEnd } = this.content;
    if (!this.isWhereItWasRead || bytes.buffer !== bodyBytes.buffer) return false;
    if (bytes.byteOffset + start !== bodyBytes.byteOffset + bodyEnd) return false;
    const { content } = this;
    content.bodyBytes = new Uint8Array(
      bodyBytes.buffer,
      bodyBytes.byteOffset,
      bytes.byteOffset + end - bodyBytes.byteOffset,
    );
    content.bodyEnd += end - start;
    this.counts.keptViews++;
    return true;
  }

  /** Makes an array of our own with so much room, and takes along what there is. */
  private makeRoom(needed: number): void {
    const { content, bodySize } = this;
    if (!this.isWhereItWasRead && content.bodyBytes.length >= needed) return;
    // A lying size must not cost more than twice what has come.
    const size = bodySize <= trustedBodyBytes ? bodySize : Math.min(bodySize, Math.max(trustedBodyBytes, needed * 2));
    const grown = content.bodyMemory?.take(size) ?? this.newBody(size);
    grown.set(content.bodyBytes.subarray(content.bodyStart, content.bodyEnd));
    content.bodyBytes = grown;
    content.bodyStart = 0;
    this.isWhereItWasRead = false;
  }
}

/** The memory of a body, where nothing else is asked for. */
function newBytes(byteCount: number): Uint8Array {
  return new Uint8Array(byteCount);
}
