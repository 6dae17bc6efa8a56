/** Chooses messages by their properties, headers and body: `type=invoice`, `header.x!=1`, `body~^{`. */
import { type Message, UsageError } from '@puka/client';

/** Whether a message is meant. */
export type MessageFilter = (message: Message) => boolean;

const fields: Readonly<Record<string, (message: Message) => unknown>> = {
  body: (message) => message.text(),
  exchange: (message) => message.exchange,
  'routing-key': (message) => message.routingKey,
  redelivered: (message) => message.redelivered,
  'content-type': (message) => message.contentType,
  'content-encoding': (message) => message.contentEncoding,
  'delivery-mode': (message) => message.deliveryMode,
  priority: (message) => message.priority,
  'correlation-id': (message) => message.correlationId,
  'reply-to': (message) => message.replyTo,
  expiration: (message) => message.expiration,
  'message-id': (message) => message.messageId,
  type: (message) => message.type,
  'user-id': (message) => message.userId,
  'app-id': (message) => message.appId,
};

/** @returns a filter that wants all of them. @throws {UsageError} for an expression that is none. */
export function readFilters(expressions: readonly string[]): MessageFilter {
  const filters = expressions.map(readFilter);
  return (message) => filters.every((filter) => filter(message));
}

function readFilter(expression: string): MessageFilter {
  const parts = /^(?<field>[^=~!]+)(?<not>!)?(?<operator>[=~])(?<value>.*)$/s.exec(expression)?.groups;
  const { field = '', not, operator, value = '' } = parts ?? {};
  const read = Object.hasOwn(fields, field) ? fields[field] : headerField(field);
  if (parts === undefined || read === undefined) {
    const names = [...Object.keys(fields), 'header.NAME'].join(', ');
    throw new UsageError(`'${expression}' is not a filter: FIELD=TEXT, FIELD~REGEXP, with ! for not; fields: ${names}`);
  }
  const test = operator === '=' ? (text: string) => text === value : pattern(value);
  return (message) => {
    const met = read(message);
    const isMet = met !== undefined && met !== null && test(String(met));
    return isMet === (not === undefined);
  };
}

function headerField(field: string): ((message: Message) => unknown) | undefined {
  if (!field.startsWith('header.') || field.length === 7) return undefined;
  return (message) => message.headers[field.slice(7)];
}

function pattern(source: string): (text: string) => boolean {
  try {
    const expression = new RegExp(source, 'u');
    return (text) => expression.test(text);
  } catch (cause) {
    throw new UsageError(`'${source}' is not a regular expression`, { cause });
  }
}
