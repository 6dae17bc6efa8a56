/** Checks the names and keys of a method before it is sent. Must not encode them: the wire package does. */
import { UsageError } from '@puka/errors';
import { hasRawOctets, type MethodInput, utf8Length } from '@puka/wire';

/** In every runtime, and not in the library of types that this package is compiled with. */
type WithUnicodeCheck = string & { isWellFormed?(): boolean };

/** The fields of declares, binds and deletes that have to be texts. */
const textFields: ReadonlySet<string> = new Set([
  ...['type', 'queue', 'exchange', 'exchangeType', 'destination', 'source', 'routingKey'],
]);

/**
 * Refuses a text with raw octets, as the routing key of a received message may have them: RabbitMQ answers a name or a key of
 * a method that is no UTF-8 by closing the whole connection (501). Refuses other lone surrogates too, which the encoder would
 * find when it is too late for an error at the call. Costs next to nothing if the text is well-formed.
 *
 * @throws {UsageError} for either. A text that is too long is left to the encoder.
 */
export function checkIsUtf8(text: string, name: string, method: string): void {
  if ((text as WithUnicodeCheck).isWellFormed?.() === true) return;
  if (!hasRawOctets(text)) {
    if (utf8Length(text) >= 0) return;
    throw new UsageError(`${name} of ${method} has a lone surrogate, which UTF-8 cannot express`, { method });
  }
  throw new UsageError(
    `${name} of ${method} has octets that are not UTF-8: RabbitMQ would close the connection. Properties and headers may have them`,
    { method },
  );
}

/** The same for every text of a method, tables left out. */
export function checkTexts(method: MethodInput): void {
  const values = fieldsOf(method);
  for (const name in values) {
    const value = values[name];
    if (typeof value === 'string') checkIsUtf8(value, name, method.type);
  }
}

/**
 * Whether a method has nothing but flags and texts that are surely short enough, so that it can be encoded: found out without
 * encoding it. `false` means that it is not known.
 */
export function isSurelyEncodable(method: MethodInput): boolean {
  const values = fieldsOf(method);
  for (const name in values) {
    const value = values[name];
    if (textFields.has(name) ? !isSurelyShort(value) : value !== undefined && !isFlag(name, value)) return false;
  }
  return true;
}

/** A character takes 3 bytes of UTF-8 at most, half a surrogate pair 2. */
function isSurelyShort(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 85 && (value as WithUnicodeCheck).isWellFormed?.() === true;
}

function isFlag(name: string, value: unknown): boolean {
  return typeof value === 'boolean' && name !== 'arguments';
}

function fieldsOf(method: MethodInput): Readonly<Record<string, unknown>> {
  return method as object as Readonly<Record<string, unknown>>; // Its type has no index.
}
