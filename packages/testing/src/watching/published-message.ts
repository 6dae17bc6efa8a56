/** A message for people and tests to look at. Must not be changed by them. */
import type { FieldTable } from '@puka/wire';
import type { Message } from '../model/message.ts';

/** What was published, the way a consumer would see it. */
export class PublishedMessage {
  /** The exchange it was published to; empty for the default exchange. */
  readonly exchange: string;
  /** The routing key it was published with. */
  readonly routingKey: string;
  /** As they came. */
  readonly body: Uint8Array;
  private readonly message: Message;

  constructor(message: Message) {
    this.message = message;
    this.exchange = message.exchange;
    this.routingKey = message.routingKey;
    this.body = message.body;
  }

  /** An object without prototype; empty if there are none. */
  get headers(): FieldTable {
    return this.message.properties.headers ?? Object.create(null);
  }

  /** The fourteen properties; those that are absent are `undefined`. */
  get properties(): ReturnType<Message['properties']['toObject']> {
    return this.message.properties.toObject();
  }

  /** Whether it outlives a restart, in a durable queue. */
  get isPersistent(): boolean {
    return this.message.isPersistent;
  }

  /** The body as UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.body);
  }

  /** The body as JSON. @throws {SyntaxError} if it is none. */
  json(): unknown {
    return JSON.parse(this.text());
  }
}
