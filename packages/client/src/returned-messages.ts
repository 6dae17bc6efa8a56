/**
 * Finds the publish that a `basic.return` is about. The method names no delivery tag and nothing may be added to the
 * message, so a return is known by its content; among publishes that are alike the marks between them tell: what comes
 * back in any case, and shows how far the broker has got.
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

  /** Whether there is one alike after the last mark, so that a mark has to come between them. */
  needsMark(input: PublishInput): boolean {
    const alike = this.segments.get(this.filling)?.get(keyOf(input));
    return alike?.some((other) => other.input !== undefined && isSame(other.input, input)) === true;
  }

  /** Sent. */
  add(operation: PublishOperation, input: PublishInput): void {
    const key = keyOf(input);
    const segment = this.segments.get(this.filling) ?? new Map<string, PublishOperation[]>();
    this.segments.set(this.filling, segment);
    const alike = segment.get(key);
    if (alike === undefined) segment.set(key, [operation]);
    else alike.push(operation);
    operation.returnTrace = { segment: this.filling, key };
  }

  /** Settled, or returned. */
  remove(operation: PublishOperation): void {
    const { returnTrace } = operation;
    if (returnTrace === undefined) return;
    operation.returnTrace = undefined;
    const { segment, key } = returnTrace;
    const keys = this.segments.get(segment);
    const alike = keys?.get(key);
    const index = alike?.indexOf(operation) ?? -1;
    if (keys === undefined || alike === undefined || index < 0) return;
    if (alike.length > 1) alike.splice(index, 1);
    else keys.delete(key);
    if (keys.size === 0) this.segments.delete(segment);
  }

  /** A mark was sent. */
  markSent(): void {
    this.filling++;
  }

  /** A mark came back. */
  markReturned(): void {
    this.returning++;
  }

  /** The publish that came back. */
  find(exchange: string, routingKey: string, content: ReceivedContent): PublishOperation | undefined {
    const segment = this.segments.get(this.returning);
    const { propertiesBytes, propertiesStart, propertiesEnd, bodyBytes, bodyStart, bodyEnd } = content;
    const returned: PublishInput = {
      exchange,
      routingKey,
      mandatory: true,
      properties: propertiesBytes.subarray(propertiesStart, propertiesEnd),
      body: bodyBytes.subarray(bodyStart, bodyEnd),
    };
    const alike = segment?.get(keyOf(returned));
    const exact = alike?.find(({ input }) => input !== undefined && isSame(input, returned));
    return exact ?? findByBody(segment, returned);
  }

  /** The channel is gone. */
  clear(): void {
    this.segments = new Map();
    this.filling = 0;
    this.returning = 0;
  }
}

/** RabbitMQ takes a BCC header out before it returns a message, so that its properties are others than those sent. */
function findByBody(
  segment: ReadonlyMap<string, readonly PublishOperation[]> | undefined,
  returned: PublishInput,
): PublishOperation | undefined {
  for (const alike of segment?.values() ?? []) {
    for (const operation of alike) {
      const { input } = operation;
      if (input === undefined || input.exchange !== returned.exchange) continue;
      if (input.routingKey === returned.routingKey && isSameBytes(input.body, returned.body)) return operation;
    }
  }
  return undefined;
}

/** The same for messages that are alike, another for nearly all others. */
function keyOf({ exchange, routingKey, body, properties }: PublishInput): string {
  const hash = hashOf(body, properties instanceof Uint8Array ? hashOf(properties, 0) : 0);
  return `${body.length} ${hash} ${exchange.length} ${exchange}${routingKey}`;
}

/** FNV-1a over the whole of a short run of bytes, over a sample of a long one. */
function hashOf(bytes: Uint8Array, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed;
  const step = Math.max(1, bytes.length >>> 7);
  for (let index = 0; index < bytes.length; index += step) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x0100_0193);
  return hash;
}

function isSame(one: PublishInput, other: PublishInput): boolean {
  return (
    isSameBytes(one.body, other.body) &&
    one.properties instanceof Uint8Array &&
    other.properties instanceof Uint8Array &&
    isSameBytes(one.properties, other.properties)
  );
}

function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
