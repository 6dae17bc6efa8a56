/** A message as it is published again elsewhere: the same properties, the same types of headers, the same octets. */
import { type Message, type PublishOptions, Tagged } from '@puka/client';

/** What a copy may leave out. */
export interface CopyOptions {
  /** RabbitMQ takes a `userId` from nobody but that user. */
  readonly dropUserId?: boolean | undefined;
}

/** RabbitMQ: further routing keys. A copy with them would go to those queues once more. */
const routingHeaders: ReadonlySet<unknown> = new Set(['CC', 'BCC']);

/** The copy without its route. The delivery mode is 2 for a persistent message, else 1. */
export function copyOf(message: Message, { dropUserId }: CopyOptions = {}): Omit<PublishOptions, 'routingKey'> {
  const { taggedHeaders, properties, deliveryMode, body } = message;
  return {
    ...properties,
    userId: dropUserId === true ? undefined : properties.userId,
    headers: withoutRouting(taggedHeaders),
    deliveryMode: deliveryMode === 2 ? 2 : 1,
    body,
  };
}

/** The headers without `CC` and `BCC`. */
export function withoutRouting<Headers>(headers: Headers): Headers | Tagged {
  if (!(headers instanceof Tagged) || !Array.isArray(headers.value)) return headers;
  const kept = headers.value.filter((field: unknown) => !routingHeaders.has(Object(field).name));
  return kept.length === headers.value.length ? headers : new Tagged('F', kept);
}
