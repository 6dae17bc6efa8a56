/** How a refusal looks on the wire: reply code, text, and the method at fault. Must not write frames. */
import { type AmqpError, replyCodes } from '@puka/errors';
import type { ConnectionCloseFields } from '@puka/wire';
import { decodeUtf8, encodeUtf8, utf8Length } from '@puka/wire';

const maxTextBytes = 255;
const ellipsis = '...';

/** Whether a refusal ends the connection, not the channel alone. AMQP 0-9-1 §1.2. */
export function isHard(error: AmqpError): boolean {
  return replyCodes.find(({ code }) => code === error.replyCode)?.hard ?? true;
}

/**
 * The fields of the close for a refusal.
 *
 * @param methodId of the method at fault, as in `MethodId`; 0 if none is.
 */
export function closeFields(error: AmqpError, methodId: number): Required<ConnectionCloseFields> {
  const { replyCode = 541 } = error;
  return {
    replyCode,
    replyText: replyText(replyCode, error.message),
    classId: methodId >>> 16,
    methodId: methodId & 0xffff,
  };
}

/** `NOT_FOUND - no queue 'x' in vhost '/'`, cut to what a short string holds, as RabbitMQ does. */
export function replyText(replyCode: number, message: string): string {
  const name = replyCodes.find(({ code }) => code === replyCode)?.name ?? 'internal-error';
  const constant = name.toUpperCase().replaceAll('-', '_');
  // What is not text cannot be sent as text.
  const wellFormed = message.replaceAll(/\p{Surrogate}/gu, '\ufffd');
  const text = wellFormed === '' ? constant : `${constant} - ${wellFormed}`;
  if (utf8Length(text) <= maxTextBytes) return text;
  const bytes = encodeUtf8(text);
  let end = maxTextBytes - ellipsis.length;
  // Not within a character, where RabbitMQ would cut.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return decodeUtf8(bytes, 0, end) + ellipsis;
}
