/** Which methods `request()` of a channel takes: those with a reply that neither open nor close it. Must not send. */
import { UsageError } from '@puka/errors';
import { type MethodInput, methodInfo } from '@puka/wire';

/** The methods that open and close a channel, and which function sends them. */
const ownMethods: ReadonlyMap<string, string> = new Map([
  ['channel.open', 'openChannel() of the session sends it'],
  ['channel.close', 'close() sends it'],
]);

/** @throws {UsageError} for a method that gets no reply on a channel, or that opens or closes it. */
export function checkRequest(id: number, method: MethodInput): void {
  const info = methodInfo.get(id);
  // The encoder refuses an unknown method by its name.
  if (info === undefined) return;
  const { type } = method;
  const why = ownMethods.get(type) ?? (type.startsWith('connection.') ? 'it belongs on channel 0' : undefined);
  if (why !== undefined) refuse(type, why);
  if (info.replies.length === 0) refuse(type, 'it has no reply');
  if ('noWait' in method && method.noWait === true) refuse(type, 'with noWait it has no reply');
}

function refuse(method: string, why: string): never {
  throw new UsageError(`request() does not take ${method}: ${why}`, { method });
}
