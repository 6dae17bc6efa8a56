/** Checks the names and keys of a method before it is sent. Must not encode them: the wire package does. */
import { UsageError } from '@puka/errors';
import { hasRawOctets, type MethodInput } from '@puka/wire';

/** In every runtime, and not in the library of types that this package is compiled with. */
type WithUnicodeCheck = string & { isWellFormed?(): boolean };

/**
 * Refuses a text with raw octets, as the routing key of a received message may have them: RabbitMQ answers a name or a key of
 * a method that is no UTF-8 by closing the whole connection (501). Costs next to nothing where the text is well-formed.
 *
 * @throws {UsageError} for raw octets. What else cannot be encoded is left to the encoder.
 */
export function checkIsUtf8(text: string, name: string, method: string): void {
  if ((text as WithUnicodeCheck).isWellFormed?.() === true || !hasRawOctets(text)) return;
  throw new UsageError(
    `${name} of ${method} has octets that are no UTF-8: RabbitMQ would close the connection. Properties and headers may have them`,
    { method },
  );
}

/** The same for every text of a method, tables left out. */
export function checkTexts(method: MethodInput): void {
  for (const name in method) {
    const value: unknown = Reflect.get(method, name);
    if (typeof value === 'string') checkIsUtf8(value, name, method.type);
  }
}
