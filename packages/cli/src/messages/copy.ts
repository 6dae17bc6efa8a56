/** A message as it is published again elsewhere: the same properties, the same types of headers, the same octets. */
import { type Message, type PublishOptions, Tagged } from '@puka/client';

/** What a copy may leave out. */
export interface CopyOptions {
  /** RabbitMQ accepts a `userId` from that user only. */
  readonly dropUserId?: boolean | undefined;
}

/**
 * RabbitMQ: `CC` and `BCC` are further routing keys, so that a copy with them would go to those queues once more.
 * `x-stream-offset` is the place in the stream that a message was read from; in a copy it would make a queue look like a stream.
 * A quorum queue adds the counts at each delivery; a classic queue would keep the copied counts forever.
 */
const headersLeftOut: ReadonlySet<unknown> = new Set([
  ...['CC', 'BCC', 'x-stream-offset', 'x-delivery-count', 'x-acquired-count'],
]);

/** The copy without its route. The delivery mode is 2 for a persistent message, else 1. */
export function copyOf(message: Message, { dropUserId }: CopyOptions = {}): Omit<PublishOptions, 'routingKey'> {
  const { taggedHeaders, properties, deliveryMode, body } = message;
  return {
    ...properties,
    userId: dropUserId === true ? undefined : properties.userId,
    headers: headersOfCopy(taggedHeaders),
    deliveryMode: deliveryMode === 2 ? 2 : 1,
    body,
  };
}

/** The headers without those that mean nothing except where the message was. */
export function headersOfCopy<Headers>(headers: Headers): Headers | Tagged {
  if (!(headers instanceof Tagged) || !Array.isArray(headers.value)) return headers;
  const kept = headers.value.filter((field: unknown) => !headersLeftOut.has(Object(field).name));
  return kept.length === headers.value.length ? headers : new Tagged('F', kept);
}
