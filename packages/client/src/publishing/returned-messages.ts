/**
 * Finds the publish that a `basic.return` is about. The method names no delivery tag and nothing may be added to the
 * message, so a return is known by its content; among equal publishes the marks between them decide: what comes
 * back in any case, and shows how far the broker has got.
 * RabbitMQ: a channel returns in the order of publishing. Must not send.
 */

import { LazyMap } from '../runtime/lazy-collections.ts';
import type { PublishInput, ReceivedContent } from '../session/index.ts';
import { comparableProperties } from './comparable-properties.ts';
import type { PublishOperation, ReturnTrace } from './publish-operation.ts';

const noProperties = new Uint8Array(2);

/** Publishes with the same route and body, by the hash of their properties; a single one, as most are, is not in a map. */
type Alike = PublishOperation | Map<number, PublishOperation[]>;

/** The returns of one channel. */
export class ReturnedMessages {
  /** Mandatory publishes under way, by segment and key. */
  private segments = new LazyMap<number, Map<string, Alike>>();
  /** The segment that is being filled. */
  private filling = 0;
  /** The segment whose returns come now. */
  private returning = 0;
  /** What was last asked about: `add` follows `needsMark`. */
  private lastTraced: { readonly input: PublishInput; readonly face: Face } | undefined = undefined;

  /** Whether there is an equal one after the last mark, so that a mark has to come between them. */
  needsMark(input: PublishInput): boolean {
    const segment = this.segments.get(this.filling);
    if (segment === undefined) return false;
    const face = faceOf(input);
    this.lastTraced = { input, face };
    const alike = segment.get(face.key);
    return alike !== undefined && sameAs(input, face, alike) !== undefined;
  }

  /** Sent. */
  add(operation: PublishOperation, input: PublishInput): void {
    const { lastTraced } = this;
    this.lastTraced = undefined;
    const face = lastTraced?.input === input ? lastTraced.face : faceOf(input);
    const { key, hash, properties } = face;
    operation.returnTrace = { segment: this.filling, key, hash, properties };
    let segment = this.segments.get(this.filling);
    if (segment === undefined) {
      segment = new Map();
      this.segments.set(this.filling, segment);
    }
    const alike = segment.get(key);
    if (alike === undefined) {
      segment.set(key, operation);
      return;
    }
    const several = alike instanceof Map ? alike : new Map([[alike.returnTrace?.hash ?? 0, [alike]]]);
    segment.set(key, several);
    const same = several.get(hash);
    if (same === undefined) several.set(hash, [operation]);
    else same.push(operation);
  }

  /** Settled, or returned. */
  remove(operation: PublishOperation): void {
    const { returnTrace } = operation;
    if (returnTrace === undefined) return;
    operation.returnTrace = undefined;
    const keys = this.segments.get(returnTrace.segment);
    const alike = keys?.get(returnTrace.key);
    if (keys === undefined || alike === undefined) return;
    if (alike instanceof Map ? isLastOf(alike, operation, returnTrace.hash) : alike === operation) {
      keys.delete(returnTrace.key);
      if (keys.size === 0) this.segments.delete(returnTrace.segment);
    }
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
    const { propertiesBytes, propertiesStart, propertiesEnd, bodyBytes, bodyStart, bodyEnd } = content;
    const returned: PublishInput = {
      exchange,
      routingKey,
      mandatory: true,
      properties: propertiesBytes.subarray(propertiesStart, propertiesEnd),
      body: bodyBytes.subarray(bodyStart, bodyEnd),
    };
    const face = faceOf(returned);
    const alike = this.segments.get(this.returning)?.get(face.key);
    if (alike === undefined) return undefined;
    // RabbitMQ: an interceptor of messages may have added a property or a header.
    return sameAs(returned, face, alike) ?? withBody(returned.body, alike);
  }

  /** The channel is gone. */
  clear(): void {
    this.segments = new LazyMap();
    this.filling = 0;
    this.returning = 0;
    this.lastTraced = undefined;
  }
}

/** What a message is found by. */
type Face = Omit<ReturnTrace, 'segment'>;

function sameAs(input: PublishInput, { hash, properties }: Face, alike: Alike): PublishOperation | undefined {
  if (!(alike instanceof Map)) return isSame(alike, input, properties) ? alike : undefined;
  return alike.get(hash)?.find((operation) => isSame(operation, input, properties));
}

function withBody(body: Uint8Array, alike: Alike): PublishOperation | undefined {
  const all = alike instanceof Map ? [...alike.values()].flat() : [alike];
  return all.find(({ input }) => input !== undefined && isSameBytes(input.body, body));
}

/** Takes a publish out of the equal ones. @returns whether none is left. */
function isLastOf(alike: Map<number, PublishOperation[]>, operation: PublishOperation, hash: number): boolean {
  const same = alike.get(hash);
  const index = same?.indexOf(operation) ?? -1;
  if (same === undefined || index < 0) return false;
  if (same.length > 1) same.splice(index, 1);
  else alike.delete(hash);
  return alike.size === 0;
}

function faceOf(input: PublishInput): Face {
  const { exchange, routingKey, body } = input;
  const properties = propertiesOf(input);
  const key = `${body.length} ${hashOf(body)} ${exchange.length} ${exchange}${routingKey}`;
  return { key, hash: hashOf(properties), properties };
}

/** The properties as they come back. */
function propertiesOf({ properties }: PublishInput): Uint8Array {
  return properties instanceof Uint8Array ? comparableProperties(properties) : noProperties;
}

/** MurmurHash3 over all bytes: messages that differ in one place have different hashes. */
export function hashOf(bytes: Uint8Array): number {
  let hash = bytes.length;
  const words = bytes.length & ~3;
  let at = 0;
  for (; at < words; at += 4) {
    // Inside the array, as the bound ensures.
    hash = mixed(
      hash,
      (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24),
    );
  }
  let rest = 0;
  for (let shift = 0; at < bytes.length; at++, shift += 8) rest |= (bytes[at] as number) << shift;
  return mixed(hash, rest);
}

function mixed(hash: number, word: number): number {
  let key = Math.imul(word, 0xcc9e_2d51);
  key = Math.imul((key << 15) | (key >>> 17), 0x1b87_3593);
  const turned = hash ^ key;
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe654_6b64) | 0;
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
