/**
 * A publish that names a server-named queue by an old name: as routing key at the default exchange, or as the queue to reply
 * to. Must not keep names: the record does.
 */
import { decodeText, encodeText, PropertiesReader } from '@puka/wire';
import type { PublishInput } from '../session/index.ts';

/** The names that server-named queues have now. */
export interface QueueNames {
  /** Whether one has ever changed. */
  readonly hasRenames: boolean;
  /** The name that a queue has now. */
  nameOf(queue: string): string;
}

/** @returns the publish with the names that its queues have now; the same object if none has changed. */
export function withNewNames(input: PublishInput, names: QueueNames): PublishInput {
  const { exchange, properties } = input;
  const routingKey = exchange === '' ? names.nameOf(input.routingKey) : input.routingKey;
  const renamed = routingKey === input.routingKey ? input : { ...input, routingKey };
  if (!(properties instanceof Uint8Array)) return renamed;
  const replyTo = new PropertiesReader(properties).bytesOf('replyTo');
  if (replyTo === undefined) return renamed;
  const oldName = decodeText(replyTo);
  const newName = names.nameOf(oldName);
  return newName === oldName ? renamed : { ...renamed, properties: withText(properties, replyTo, newName) };
}

/** The properties with another text in place of one: all else keeps its bytes. AMQP 0-9-1 §4.2.5.3: a length octet, then the text. */
function withText(properties: Uint8Array, old: Uint8Array, text: string): Uint8Array {
  const bytes = encodeText(text);
  const start = old.byteOffset - properties.byteOffset - 1;
  const end = start + 1 + old.length;
  const spliced = new Uint8Array(properties.length - old.length + bytes.length);
  spliced.set(properties.subarray(0, start));
  spliced[start] = bytes.length;
  spliced.set(bytes, start + 1);
  spliced.set(properties.subarray(end), start + 1 + bytes.length);
  return spliced;
}
