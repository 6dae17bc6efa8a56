/**
 * Finds the publish that a `basic.return` is about. The method names no delivery tag and nothing may be added to the
 * message, so a return is known by its content; among publishes that are alike the marks between them tell: what comes
 * back in any case, and shows how far the broker has got.
 * RabbitMQ: a channel returns in the order of publishing. Must not send.
 */

import type { PublishInput, ReceivedContent } from '../session/index.ts';
import { comparableProperties } from './comparable-properties.ts';
import type { PublishOperation } from './publish-operation.ts';

const noProperties = new Uint8Array(2);

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
    const segment = this.segments.get(this.filling);
    if (segment === undefined) return false;
    const properties = propertiesOf(input);
    return segment.get(keyOf(input, properties))?.some((other) => isSame(other, input, properties)) === true;
  }

  /** Sent. */
  add(operation: PublishOperation, input: PublishInput): void {
    const properties = propertiesOf(input);
    const key = keyOf(input, properties);
    const segment = this.segments.get(this.filling) ?? new Map<string, PublishOperation[]>();
    this.segments.set(this.filling, segment);
    const alike = segment.get(key);
    if (alike === undefined) segment.set(key, [operation]);
    else alike.push(operation);
    operation.returnTrace = { segment: this.filling, key, properties };
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
    const properties = propertiesOf(returned);
    const alike = segment?.get(keyOf(returned, properties));
    const exact = alike?.find((operation) => isSame(operation, returned, properties));
    return exact ?? findByBody(segment, returned);
  }

  /** The channel is gone. */
  clear(): void {
    this.segments = new Map();
    this.filling = 0;
    this.returning = 0;
  }
}

/** RabbitMQ: an interceptor of messages may have added a property or a header. */
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

/** The properties as they come back. */
function propertiesOf({ properties }: PublishInput): Uint8Array {
  return properties instanceof Uint8Array ? comparableProperties(properties) : noProperties;
}

/** The same for messages that are alike, another for nearly all others. */
function keyOf({ exchange, routingKey, body }: PublishInput, properties: Uint8Array): string {
  const hash = hashOf(body, hashOf(properties, 0));
  return `${body.length} ${hash} ${exchange.length} ${exchange}${routingKey}`;
}

/** FNV-1a over the whole of a short run of bytes, over a sample of a long one. */
function hashOf(bytes: Uint8Array, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed;
  const step = Math.max(1, bytes.length >>> 7);
  for (let index = 0; index < bytes.length; index += step) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x0100_0193);
  return hash;
}

function isSame({ input, returnTrace }: PublishOperation, other: PublishInput, properties: Uint8Array): boolean {
  if (input === undefined || returnTrace === undefined) return false;
  return isSameBytes(input.body, other.body) && isSameBytes(returnTrace.properties, properties);
}

function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
