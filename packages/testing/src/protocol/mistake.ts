/** A mistake of a client, as the broker sees it. Types only. */
import type { Method, MethodType } from '@puka/wire';

/** Something a client did that the broker had to refuse. */
export interface Mistake {
  /** Its client, named as in `broker.connections`. */
  readonly connection: string;
  /** The channel it was on; 0 where it was on none. */
  readonly channel: number;
  /** Whether it ended the channel alone, or the connection. */
  readonly ended: 'channel' | 'connection';
  /** The code of the close; `undefined` when RabbitMQ ends the connection without a close. */
  readonly replyCode: number | undefined;
  /** The text of the close. Without a close: what was wrong. */
  readonly replyText: string;
  /** The method at fault; `undefined` if none is. */
  readonly method: MethodType | undefined;
  /** The method at fault with its fields; `undefined` if it could not be read. */
  readonly request: Method | undefined;
}
