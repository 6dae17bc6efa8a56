/** Connects in memory, to a server that is a function. It must not touch a timer or a runtime. */
import type { ConnectionBroken } from '@puka/errors';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '../contract.ts';
import { connectFailure } from '../failure.ts';
import { createClosedPair, soon } from './memory-pair.ts';
import type { MemoryPairOptions, MemoryTransport } from './memory-transport.ts';

/**
 * Takes a connection at the server's side.
 *
 * @param server the server's end. Nothing is handed over before this function returns.
 * @param options what the client asked for. `tls` has no effect: the bytes stay plain.
 * @returns the handlers of the server's end.
 * @throws anything, to refuse the connection: it becomes the `cause` of the client's ConnectionBroken.
 */
export type MemoryAccept = (server: MemoryTransport, options: ConnectOptions) => TransportHandlers;

/** How the connections behave. The client's end has the mode that `connect()` asks for. */
export interface MemoryConnectorOptions extends Omit<MemoryPairOptions, 'mode'> {
  /** The mode of the server's end. Default `'push'`. */
  readonly serverMode?: 'push' | 'pull' | undefined;
}

/**
 * Makes a connector whose server is a function.
 *
 * @param accept called once for each connection, in a task of the scheduler.
 * @param options see {@link MemoryConnectorOptions}.
 */
export function memoryConnector(accept: MemoryAccept, options: MemoryConnectorOptions = {}): TransportConnector {
  const { serverMode = 'push', schedule = soon } = options;
  const connect = (connectOptions: ConnectOptions, handlers: TransportHandlers): Promise<Transport> =>
    new Promise((resolve, reject) => {
      const { signal, host, port, mode = 'push' } = connectOptions;
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort);
      schedule(() => {
        signal?.removeEventListener('abort', onAbort);
        if (signal?.aborted === true) return;
        const late = new LateHandlers();
        const [client, server] = createClosedPair(handlers, late, { ...options, mode: [mode, serverMode] });
        try {
          late.handlers = accept(server, connectOptions);
        } catch (cause) {
          reject(connectFailure(host, port, cause));
          return;
        }
        server.openSoon();
        resolve(client);
        // After the resolve: the code that awaits the client runs before its first handler.
        client.openSoon();
      });
    });
  return { runtime: 'memory', connect };
}

/** Handlers that are set after the transport is made. */
class LateHandlers implements TransportHandlers {
  handlers: TransportHandlers | undefined;

  onData(bytes: Uint8Array): void {
    this.handlers?.onData(bytes);
  }

  onReadable(): void {
    this.handlers?.onReadable();
  }

  onDrain(): void {
    this.handlers?.onDrain();
  }

  onEnd(): void {
    this.handlers?.onEnd();
  }

  onClose(error: ConnectionBroken | undefined): void {
    this.handlers?.onClose(error);
  }
}
