/** Turns Cloudflare's errors, which have texts but no codes, into ours. It must not use a runtime's types. */
import { ConnectionBroken, UsageError } from '@puka/errors';
import { connectFailure, formatAddress } from '../failure.ts';

/** The code for an error of an open connection; `undefined` when nothing is known. */
export function cloudflareErrorCode(error: unknown): string | undefined {
  return error instanceof Error && /network connection lost/i.test(error.message) ? 'ECONNRESET' : undefined;
}

/**
 * The error of a connection that could not be made.
 *
 * @param isSecure whether it was to have TLS.
 * @returns UsageError where Cloudflare refuses the call itself; else ConnectionBroken with `outcome: 'not-sent'`.
 */
export function openFailure(
  host: string,
  port: number,
  isSecure: boolean,
  error: unknown,
): ConnectionBroken | UsageError {
  const where = formatAddress(host, port);
  const message = error instanceof Error ? error.message : String(error);
  if (/global scope/i.test(message)) {
    const advice = 'connect inside a handler, such as fetch(), or a Durable Object';
    return new UsageError(`cannot connect to ${where} outside a request: ${advice}`, { cause: error });
  }
  // One text for a name that is unknown, a port that is closed, and a certificate that is not trusted.
  if (!/cannot connect to the specified address/i.test(message)) return connectFailure(host, port, error);
  const certificate = isSecure ? ', and is its certificate for this name and signed by a public authority' : '';
  return new ConnectionBroken(
    `could not connect to ${where}: Cloudflare reports no reason; is the name right, does the server listen on this port, ` +
      `can it be reached from the internet${certificate}? (${message})`,
    { cause: error, outcome: 'not-sent' },
  );
}
