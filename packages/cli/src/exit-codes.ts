/** The exit codes, and which error has which. The README lists them. */

import {
  AccessRefused,
  AuthenticationFailed,
  ConnectionBroken,
  HandshakeTimeout,
  isPukaError,
  NoRoute,
  NotAllowed,
  NotFound,
  OperationTimeout,
  UnsupportedProtocol,
  UsageError,
} from '@puka/client';
import { MessageFailed } from './messages/publish-window.ts';

/** What the process ends with. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** The command line, the input, or a `--yes` that was missing. */
  usage: 2,
  /** No connection: name, port, TLS, time, protocol. */
  noConnection: 3,
  /** Login, vhost or permission refused. */
  refused: 4,
  /** The queue, the exchange or the route is not there. */
  notFound: 5,
  /** The broker refused the operation itself: other arguments, in use, full. */
  rejected: 6,
  /** There was no message. */
  empty: 7,
  timeout: 8,
  /** The question was answered with no. */
  declined: 9,
  /** Ended by SIGINT or SIGTERM, after stopping cleanly. */
  interrupted: 130,
} as const;

/** One of them. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The code of a command that ended with this error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof MessageFailed) return exitCodeOf(error.cause);
  if (error instanceof UsageError) return exitCodes.usage;
  // The class of a lost connection's cause is more exact: a login that was refused closes the connection.
  const cause = error instanceof ConnectionBroken ? error.cause : undefined;
  if (isPukaError(cause) && !(cause instanceof ConnectionBroken)) return exitCodeOf(cause);
  if (error instanceof OperationTimeout) return exitCodes.timeout;
  if ([AuthenticationFailed, NotAllowed, AccessRefused].some((kind) => error instanceof kind)) return exitCodes.refused;
  if ([ConnectionBroken, HandshakeTimeout, UnsupportedProtocol].some((kind) => error instanceof kind)) {
    return exitCodes.noConnection;
  }
  if (error instanceof NotFound || error instanceof NoRoute) return exitCodes.notFound;
  return isPukaError(error) ? exitCodes.rejected : exitCodes.failed;
}
