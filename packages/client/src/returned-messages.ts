/**
 * Finds the publish that a `basic.return` is about. The method names no delivery tag and nothing may be added to the
 * message, so a return is known by its content; among publishes that are alike the footers between them tell: a footer
 * is a message that cannot be routed, so that it comes back and marks how far the broker has got.
 * RabbitMQ: a channel returns in the order of publishing. Must not send.
 */
import type { PublishOperation } from './publish-operation.ts';
import type { PublishInput, ReceivedContent } from './session/index.ts';

/** The returns of one channel. */
export class ReturnedMessages {
  /** Mandatory publishes under way, by segment and key. */
  private segments = new Map<number, Map<string, PublishOperation[]>>();
  /** The segment that is being filled. */
  private filling = 0;
  /** The segment whose returns come now. */
  private returning = 0;

  /** Whether there is one alike after the last footer, so that a footer has to come between them. */
  needsFooter(input: PublishInput): boolean {
    const alike = this.segments.get(this.filling)?.get(keyOf(input.exchange, input.routingKey, input.body.length));
    return alike?.some((other) => other.input !== undefined && isSame(other.input, input)) === true;
  }

  /** Sent. */
  add(operation: PublishOperation, input: PublishInput): void {
    const key = keyOf(input.exchange, input.routingKey, input.body.length);
    const segment = this.segments.get(this.filling) ?? new Map<string, PublishOperation[]>();
    this.segments.set(this.filling, segment);
    const alike = segment.get(key);
    if (alike === undefined) segment.set(key, [operation]);
    else alike.push(operation);
    operation.returnKey = key;
    operation.segment = this.filling;
  }

  /** Settled, or returned. */
  remove(operation: PublishOperation): void {
    const { returnKey, segment } = operation;
    if (returnKey === undefined) return;
    operation.returnKey = undefined;
    const keys = this.segments.get(segment);
    const alike = keys?.get(returnKey);
    const index = alike?.indexOf(operation) ?? -1;
    if (keys === undefined || alike === undefined || index < 0) return;
    if (alike.length > 1) alike.splice(index, 1);
    else keys.delete(returnKey);
    if (keys.size === 0) this.segments.delete(segment);
  }

  /** A footer was sent. */
  footerSent(): void {
    this.filling++;
  }

  /** A footer came back. */
  footerReturned(): void {
    this.returning++;
  }

  /** The publish that came back. */
  find(exchange: string, routingKey: string, content: ReceivedContent): PublishOperation | undefined {
    const key = keyOf(exchange, routingKey, content.bodyEnd - content.bodyStart);
    const alike = this.segments.get(this.returning)?.get(key);
    return alike?.find(({ input }) => input !== undefined && isSameContent(input, content));
  }

  /** The channel is gone. */
  clear(): void {
    this.segments = new Map();
    this.filling = 0;
    this.returning = 0;
  }
}

function keyOf(exchange: string, routingKey: string, bodySize: number): string {
  return `${bodySize} ${exchange.length} ${exchange}${routingKey}`;
}

function isSame(one: PublishInput, other: PublishInput): boolean {
  return (
    isSameBytes(one.body, other.body, 0, other.body.length) &&
    one.properties instanceof Uint8Array &&
    other.properties instanceof Uint8Array &&
    isSameBytes(one.properties, other.properties, 0, other.properties.length)
  );
}

function isSameContent({ body, properties }: PublishInput, content: ReceivedContent): boolean {
  if (!isSameBytes(body, content.bodyBytes, content.bodyStart, content.bodyEnd)) return false;
  const { propertiesBytes, propertiesStart, propertiesEnd } = content;
  return (
    !(properties instanceof Uint8Array) || isSameBytes(properties, propertiesBytes, propertiesStart, propertiesEnd)
  );
}

function isSameBytes(one: Uint8Array, other: Uint8Array, start: number, end: number): boolean {
  if (one.length !== end - start) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[start + index]) return false;
  }
  return true;
}
