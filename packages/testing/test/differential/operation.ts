/** What a random program is made of. Types only: how programs are made is in `programs.ts`, how they run in `player.ts`. */
import type { BasicProperties, FieldObjectInput, MethodInput } from '@puka/wire';

/** Where an operation is done: on which connection, and which of its channels. */
export interface Place {
  readonly connection: number;
  readonly channel: number;
}

/** A method as it is. Its names are those of the program; `~` in them becomes what no other program has. */
export interface MethodOperation {
  readonly type: 'method';
  readonly method: MethodInput;
}

/** So many messages, one after the other. */
export interface PublishOperation {
  readonly type: 'publish';
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  readonly count: number;
  readonly bodyBytes: number;
  readonly properties: BasicProperties;
  readonly headers: FieldObjectInput | undefined;
}

/** Settles a delivery of the channel that is still open, chosen by its place among them. */
export interface SettleOperation {
  readonly type: 'settle';
  readonly how: 'ack' | 'nack' | 'reject';
  readonly choice: number;
  readonly multiple: boolean;
  readonly requeue: boolean;
}

/** Ends a channel or a connection in good order, or drops the connection without a close. */
export interface CloseOperation {
  readonly type: 'close';
  readonly what: 'channel' | 'connection' | 'line';
}

/** One step of a program. */
export type Operation = Place & (MethodOperation | PublishOperation | SettleOperation | CloseOperation);

/** Steps in their order; what is in flight comes to rest between them. */
export type Program = readonly Operation[];
