/** Finds what a method does. What is in no table is not for a client to send. Must not do anything itself. */
import { CommandInvalid } from '@puka/errors';
import type { Method } from '@puka/wire';
import type { Arguments } from '../../model/arguments.ts';
import type { ServerChannel } from '../server-channel.ts';
import { consumeMethods } from './consume.ts';
import { exchangeMethods } from './exchange.ts';
import type { Handlers, MethodsByType } from './handlers.ts';
import { modeMethods } from './mode.ts';
import { queueMethods } from './queue.ts';
import { settleMethods } from './settle.ts';

const handlers: Handlers = {
  ...exchangeMethods,
  ...queueMethods,
  ...consumeMethods,
  ...settleMethods,
  ...modeMethods,
};

/** Does what a method asks for. @throws {AmqpError} which is sent to the client. */
export function runMethod(channel: ServerChannel, method: Method, args: Arguments): void {
  run(method.type, channel, method, args);
}

function run<T extends keyof MethodsByType>(
  type: T,
  channel: ServerChannel,
  method: MethodsByType[T],
  args: Arguments,
): void {
  const handler = handlers[type];
  if (handler === undefined) throw new CommandInvalid('unimplemented method');
  handler(channel, method, args);
}
