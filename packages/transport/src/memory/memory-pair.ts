/**
 * Makes two connected transports in memory that do what a network can do: delay, split, hold back, half close, reset.
 * Every delivery is one task of the given scheduler. It must not touch a timer or a runtime.
 */
import { UsageError } from '@puka/errors';
import type { TransportHandlers } from '../contract.ts';
import { MemoryEnd } from './memory-end.ts';
import type { MemoryPairOptions, MemoryTransport } from './memory-transport.ts';

/**
 * Makes two transports, each the other's peer.
 *
 * @param handlersA the handlers of the first.
 * @param handlersB the handlers of the second.
 * @param options see {@link MemoryPairOptions}.
 * @returns both ends, connected. No handler is called before the scheduler runs a task.
 * @throws UsageError when a number in the options is less than 1.
 */
export function createMemoryPair(
  handlersA: TransportHandlers,
  handlersB: TransportHandlers,
  options: MemoryPairOptions = {},
): readonly [MemoryTransport, MemoryTransport] {
  const [a, b] = createClosedPair(handlersA, handlersB, options);
  a.openSoon();
  b.openSoon();
  return [a, b];
}

/** As {@link createMemoryPair}, but nothing is handed over at an end before its `openSoon()`. */
export function createClosedPair(
  handlersA: TransportHandlers,
  handlersB: TransportHandlers,
  options: MemoryPairOptions,
): readonly [MemoryEnd, MemoryEnd] {
  const {
    schedule = soon,
    highWaterMarkBytes = 65_536,
    splitBytes = Number.POSITIVE_INFINITY,
    mode = 'push',
  } = options;
  if (!(highWaterMarkBytes >= 1))
    throw new UsageError(`highWaterMarkBytes is ${highWaterMarkBytes}, it must be at least 1`);
  if (!(splitBytes >= 1)) throw new UsageError(`splitBytes is ${splitBytes}, it must be at least 1`);
  const [modeA, modeB] = typeof mode === 'string' ? [mode, mode] : mode;
  const shared = { schedule, highWaterMarkBytes, splitBytes };
  const a = new MemoryEnd({ ...shared, handlers: handlersA, mode: modeA });
  const b = new MemoryEnd({ ...shared, handlers: handlersB, mode: modeB });
  a.join(b);
  b.join(a);
  return [a, b];
}

/** The default scheduler. */
export function soon(task: () => void): void {
  void Promise.resolve().then(task);
}
