/** Passes the events of one socket to its owner. It must not know what they mean. */
import type { BunSocket, BunSocketEvents } from './bun-api.ts';

/** The owner of a socket that is connected. */
export interface BunSocketOwner {
  receive(bytes: Uint8Array): void;
  drained(): void;
  ended(): void;
  failed(error: Error): void;
  closed(error: Error | undefined): void;
}

/** Called before a socket has its owner. */
export interface BunSocketStart {
  opened(socket: BunSocket): void;
  handshake(socket: BunSocket, isTrusted: boolean, error: Error | null): void;
  /** The socket closed before it had an owner. */
  lost(error: Error | undefined): void;
  owner(): BunSocketOwner | undefined;
}

/** @returns the functions for `Bun.connect` or `upgradeTLS`. */
export function socketEvents(start: BunSocketStart): BunSocketEvents {
  let lastError: Error | undefined;
  return {
    binaryType: 'uint8array',
    open: (socket) => start.opened(socket),
    handshake: (socket, isTrusted, error) => start.handshake(socket, isTrusted, error),
    data: (_, bytes) => outside(() => start.owner()?.receive(bytes)),
    drain: () => outside(() => start.owner()?.drained()),
    end: () => outside(() => start.owner()?.ended()),
    error: (_, error) => {
      lastError = error;
      start.owner()?.failed(error);
    },
    close: (_, error) => {
      const reason = error ?? lastError;
      const owner = start.owner();
      if (owner === undefined) start.lost(reason);
      else outside(() => owner.closed(reason));
    },
  };
}

/** Bun reports an exception in its functions as an error of the socket. A handler that throws must end the process instead. */
function outside(action: () => void): void {
  try {
    action();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
