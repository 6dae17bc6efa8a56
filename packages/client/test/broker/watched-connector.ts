/** A connector that reports whether reading is paused and how much was read, on every runtime. Changes nothing. */
import { defaultConnector, type TransportConnector } from '@puka/transport';

/** A connector that shows what it did; of its last connection. */
export interface WatchedConnector extends TransportConnector {
  readonly isPaused: boolean;
  /** Handed to the client so far. */
  readonly bytesRead: number;
}

/** For one client, in push mode. */
export function watchedConnector(): WatchedConnector {
  const seen = { runtime: defaultConnector.runtime, isPaused: false, bytesRead: 0 };
  const connect: TransportConnector['connect'] = async (options, handlers) => {
    const transport = await defaultConnector.connect(options, {
      onData: (bytes) => {
        seen.bytesRead += bytes.length;
        handlers.onData(bytes);
      },
      onReadable: () => handlers.onReadable(),
      onDrain: () => handlers.onDrain(),
      onEnd: () => handlers.onEnd(),
      onClose: (error) => handlers.onClose(error),
    });
    return new Proxy(transport, {
      get: (target, name) => {
        if (name === 'pause') seen.isPaused = true;
        if (name === 'resume') seen.isPaused = false;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return Object.assign(seen, { connect });
}
