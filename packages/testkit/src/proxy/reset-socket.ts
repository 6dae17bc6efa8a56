// Resets a socket of Node's, whatever it is at. It must not decide when.

import type { Socket } from 'node:net';

/**
 * Ends the connection with a reset (RST); if an end is on its way out, after it, a turn of the event loop later. Node (20 to
 * 26) cannot reset a socket while it shuts it down: it reports EINVAL, loses the socket without closing it, and its process
 * never ends.
 */
export function resetSocket(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isEnding && !socket.destroyed) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}
