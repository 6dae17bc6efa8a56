/** What the end of a connection by our own close is called, where operations were open. Pure. */
import { ConnectionBroken, type ErrorDetails, type PukaError } from '@puka/errors';

const text = 'the client was closed';

/** Why operations end when nothing else ended the connection. */
export function closedByUs(): ConnectionBroken {
  return new ConnectionBroken(text, { blame: 'caller', retryable: false });
}

/** Whether the error is that of `closedByUs()`. */
export function isClosedByUs(error: unknown): boolean {
  return error instanceof ConnectionBroken && error.message === text;
}

/**
 * The error of what the end of the connection cut off.
 *
 * @param rest goes on from "the connection ended" or "the client was closed".
 * @param cause why it ended.
 */
export function cutOff(rest: string, cause: PukaError | undefined, details: ErrorDetails): ConnectionBroken {
  if (cause === undefined) return new ConnectionBroken(`the connection ended ${rest}`, details);
  if (!isClosedByUs(cause)) return new ConnectionBroken(`the connection ended ${rest}`, { ...details, cause });
  return new ConnectionBroken(`${text} ${rest}`, { ...details, blame: 'caller', retryable: false, cause });
}
