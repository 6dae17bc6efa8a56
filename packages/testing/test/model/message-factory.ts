/** Messages for tests of the model. Holds no test. */
import { type BasicProperties, encodeProperties, PropertiesReader } from '@puka/wire';
import type { Message } from '../../src/model/message.ts';
import { messageOf } from '../../src/model/publish-checks.ts';

/** A message as it comes from a publisher. */
export function newMessage(
  body = 'x',
  properties: BasicProperties = {},
  { exchange = '', routingKey = 'q' }: { readonly exchange?: string; readonly routingKey?: string } = {},
): Message {
  const reader = new PropertiesReader(encodeProperties(properties));
  return messageOf(exchange, routingKey, reader, new TextEncoder().encode(body));
}

/** The body as text. */
export function textOf({ body }: Message): string {
  return new TextDecoder().decode(body);
}
