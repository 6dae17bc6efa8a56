/** The listeners of one client's options, and those of all clients. Must not call them. */
import { UsageError } from '@puka/errors';
import type { Diagnostics } from './diagnostics.ts';

/** Those of all clients. Mutable: instrumentation is set up once in a process, far from where clients are made. */
const ofAll = new Set<Diagnostics>();

const names: ReadonlySet<string> = new Set<keyof Diagnostics>([
  ...(['connectStarted', 'connectEnded', 'disconnected', 'recoveryPlanned', 'recovered'] as const),
  ...(['blocked', 'unblocked', 'channelOpened', 'channelClosed', 'bytesReceived', 'bytesSent'] as const),
  ...(['requestStarted', 'requestEnded', 'publishStarted', 'publishEnded', 'delivered', 'settled'] as const),
  ...(['processStarted', 'runProcess', 'processEnded'] as const),
]);

/**
 * Adds a listener to all clients that are made from now on, beside those that their option `diagnostics` names.
 *
 * @returns takes it away again, for clients to come.
 * @throws {UsageError} for what is no listener.
 */
export function addDiagnostics(listener: Diagnostics): () => void {
  checkListener(listener, 'addDiagnostics');
  ofAll.add(listener);
  return () => {
    ofAll.delete(listener);
  };
}

/** The listeners of a client that is made now, each once. @throws {UsageError} for what is no listener. */
export function listenersOf(option: Diagnostics | readonly Diagnostics[] | undefined): readonly Diagnostics[] {
  const own = option === undefined ? [] : isList(option) ? option : [option];
  for (const listener of own) checkListener(listener, 'diagnostics');
  return [...new Set([...ofAll, ...own])];
}

function isList(option: Diagnostics | readonly Diagnostics[]): option is readonly Diagnostics[] {
  return Array.isArray(option);
}

/** A method of another name would never be called. Fields that are no functions, and methods of its own, are its business. */
function checkListener(listener: unknown, taker: string): void {
  if (typeof listener !== 'object' || listener === null || Array.isArray(listener)) {
    throw new UsageError(`${taker} takes an object with methods such as publishStarted, not ${typeof listener}`);
  }
  for (const name of names) {
    const method: unknown = Reflect.get(listener, name);
    if (method === undefined || typeof method === 'function') continue;
    throw new UsageError(`${name} of ${taker} is ${typeof method}, not a function`);
  }
}
