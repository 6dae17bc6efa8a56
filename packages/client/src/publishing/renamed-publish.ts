/**
 * A publish that names a server-named queue by an old name: as routing key at the default exchange, or as the queue to reply
 * to. Must not keep names: the record does.
 */
import { ByteWriter, PropertiesReader, writeProperties } from '@puka/wire';
import type { PublishInput } from '../session/index.ts';

/** The names that server-named queues have now. */
export interface QueueNames {
  /** Whether one has ever changed. */
  readonly hasRenames: boolean;
  /** The name that a queue has now. */
  nameOf(queue: string): string;
}

/** @returns the publish with the names that its queues have now; the same object where none has changed. */
export function withNewNames(input: PublishInput, names: QueueNames): PublishInput {
  const { exchange, properties } = input;
  const routingKey = exchange === '' ? names.nameOf(input.routingKey) : input.routingKey;
  const renamed = routingKey === input.routingKey ? input : { ...input, routingKey };
  if (!(properties instanceof Uint8Array)) return renamed;
  const reader = new PropertiesReader(properties, 0, properties.length);
  const { replyTo } = reader;
  if (replyTo === undefined) return renamed;
  const newReplyTo = names.nameOf(replyTo);
  if (newReplyTo === replyTo) return renamed;
  return { ...renamed, properties: encoded({ ...reader.toObject(), replyTo: newReplyTo }) };
}

function encoded(properties: Parameters<typeof writeProperties>[1]): Uint8Array {
  const writer = new ByteWriter(512);
  writer.maxTableDepth = 512;
  writeProperties(writer, properties);
  const chunks = writer.take();
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
