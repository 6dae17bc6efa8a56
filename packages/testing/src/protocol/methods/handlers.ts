/** The shape of a table of methods. Types only. */
import type { Method } from '@puka/wire';
import type { Arguments } from '../../model/arguments.ts';
import type { ServerChannel } from '../server-channel.ts';

/** Each method by its name. */
export type MethodsByType = { readonly [M in Method as M['type']]: M };

/** What each method does; it may throw an `AmqpError`, which is sent to the client. */
export type Handlers = {
  readonly [T in keyof MethodsByType]?: (channel: ServerChannel, method: MethodsByType[T], args: Arguments) => void;
};
