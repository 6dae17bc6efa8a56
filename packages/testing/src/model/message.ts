/**
 * A message as it travels: where it was published to, its properties and its body. Messages never change; what the broker
 * adds to one makes another. Must not know queues.
 */
import {
  type BasicProperties,
  encodeProperties,
  highestMaxTableDepth,
  PropertiesReader,
  type TableReadOptions,
  type TableWriteOptions,
  type Tagged,
} from '@puka/wire';
import { elementsOf, fieldsOf, tableOf } from './arguments.ts';

const persistentMode = 2;

/**
 * How headers are read and written. RabbitMQ has no limits for tables. What it has taken from a publisher it has to be able to
 * write again, with headers of its own beside.
 */
export const tableLimits: TableReadOptions & TableWriteOptions = {
  maxTableDepth: highestMaxTableDepth,
  maxTableFields: Number.POSITIVE_INFINITY,
};

/** In which form the broker has it: as it was sent, as it comes back from disk, or changed by the broker. */
type MessageForm = 'sent' | 'stored' | 'changed';

/** A message as it travels: where it was published to, its properties and its body. */
export class Message {
  /** The exchange it was published to, or dead-lettered through; empty is the default exchange. */
  readonly exchange: string;
  /** The routing key, then those of the headers CC and BCC. */
  readonly routingKeys: readonly string[];
  /** Its properties, as they were sent if the broker had no reason to change them. */
  readonly properties: PropertiesReader;
  /** Not to be changed. */
  readonly body: Uint8Array;
  private readonly form: MessageForm;
  private expiry: number | undefined;
  private isExpiryKnown = false;

  constructor(
    exchange: string,
    routingKeys: readonly string[],
    properties: PropertiesReader,
    body: Uint8Array,
    form: MessageForm = 'sent',
  ) {
    this.exchange = exchange;
    this.routingKeys = routingKeys;
    this.properties = properties;
    this.body = body;
    this.form = form;
  }

  /** RabbitMQ 3.10: it has been on disk, where a lazy queue keeps it, as it was sent. It shows when it dies. */
  get isStored(): boolean {
    return this.form === 'stored';
  }

  /**
   * The same message, as it comes back from disk. RabbitMQ 3.10: what the broker has changed keeps its decoded properties
   * there (`rabbit_binary_parser:clear_decoded_content`), so that nothing shows.
   */
  stored(): Message {
    if (this.form !== 'sent') return this;
    return new Message(this.exchange, this.routingKeys, this.properties, this.body, 'stored');
  }

  get routingKey(): string {
    return this.routingKeys[0] ?? '';
  }

  get isPersistent(): boolean {
    return this.properties.deliveryMode === persistentMode;
  }

  /** The property `expiration` in milliseconds; `undefined` if there is none. It was checked when it came. */
  get expirationMs(): number | undefined {
    if (!this.isExpiryKnown) {
      const { expiration } = this.properties;
      this.expiry = expiration === undefined ? undefined : Number(expiration);
      this.isExpiryKnown = true;
    }
    return this.expiry;
  }

  /** The headers with their type tags, in their order. */
  get headers(): [string, Tagged][] {
    return fieldsOf(this.properties.taggedHeaders);
  }

  /**
   * The same message with other headers, and with what else is to change.
   *
   * @param headers all of them; the table is there even when it is empty.
   */
  with(
    headers: readonly (readonly [string, Tagged])[],
    changes: {
      readonly exchange?: string;
      readonly routingKeys?: readonly string[];
      readonly expiration?: undefined;
    } = {},
  ): Message {
    const properties = { ...this.properties.toObject(), headers: tableOf(headers) };
    const changed = 'expiration' in changes ? { ...properties, expiration: undefined } : properties;
    const { exchange = this.exchange, routingKeys = this.routingKeys } = changes;
    return new Message(exchange, routingKeys, encodedProperties(changed), this.body, 'changed');
  }
}

/** Properties as a message has them, from those that the broker has changed. */
export function encodedProperties(properties: BasicProperties): PropertiesReader {
  const bytes = encodeProperties(properties, tableLimits);
  return new PropertiesReader(bytes, 0, bytes.length, tableLimits);
}

/** The texts in a header that is an array, such as CC. */
export function textsOf(field: Tagged | undefined): string[] {
  return elementsOf(field).flatMap(({ tag, value }) => (tag === 'S' && typeof value === 'string' ? [value] : []));
}

/** A table with a field set. RabbitMQ: setting one sorts them all by name. */
export function withHeader(
  headers: readonly (readonly [string, Tagged])[],
  name: string,
  value: Tagged,
): (readonly [string, Tagged])[] {
  const set: (readonly [string, Tagged])[] = headers.filter(([other]) => other !== name);
  set.push([name, value]);
  return sortedFields(set);
}

/** Fields in the order of their names. */
export function sortedFields(fields: readonly (readonly [string, Tagged])[]): (readonly [string, Tagged])[] {
  return [...fields].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
