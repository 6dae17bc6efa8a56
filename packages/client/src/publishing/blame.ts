/**
 * Which of the publishes on a channel the broker can have meant when it closed it: `channel.close` names no delivery
 * tag, but RabbitMQ's text names what is wrong. Pure; must not decide what happens then.
 */
import type { AmqpError } from '@puka/errors';
import { type BasicProperties, PropertiesReader } from '@puka/wire';
import type { PublishInput } from '../session/index.ts';

/** The publishes that may have done it. */
export interface Suspicion {
  /** Whether a publish can be the culprit. */
  fits(input: PublishInput): boolean;
  /** Whether all that it fits are refused for the same reason, so that the refusal of one holds for the others. */
  readonly isExact: boolean;
}

/** RabbitMQ cuts a text of more than 255 bytes and shows it; the cut may go through a character. */
const cutText = /\ufffd?\.\.\.$/;

/**
 * @returns the narrowest suspicion that the broker's words allow; `undefined` if they name no publish, so that it can be
 * anyone. RabbitMQ: the checks of basic.publish in `rabbit_channel`.
 */
export function suspicionOf(error: AmqpError): Suspicion | undefined {
  const text = error.replyText ?? '';
  if (text.includes("access to topic '")) {
    return naming(text, "topic '", ({ exchange, routingKey }) => `topic '${routingKey}' in ${placeOf(exchange)}`);
  }
  if (text.includes("exchange '")) return naming(text, "exchange '", ({ exchange }) => placeOf(exchange));
  if (text.includes("user_id property set to '")) {
    return naming(text, "set to '", (input) => `set to '${propertiesOf(input).userId ?? ''}' but`);
  }
  if (text.includes("invalid expiration '")) {
    return naming(text, "expiration '", (input) => `expiration '${propertiesOf(input).expiration ?? ''}'`);
  }
  if (text.includes('fast reply consumer')) {
    return { fits: (input) => propertiesOf(input).replyTo === 'amq.rabbitmq.reply-to', isExact: true };
  }
  // Headers that RabbitMQ reads itself; its error does not name what is wrong with them.
  if (text.includes('invalid message')) return { fits: hasRouteHeaders, isExact: false };
  const limit = / max size (\d+)/.exec(text)?.[1];
  return limit === undefined ? undefined : { fits: ({ body }) => body.length > Number(limit), isExact: true };
}

/** RabbitMQ calls the default exchange by a name of its own. */
function placeOf(exchange: string): string {
  return `exchange '${exchange === '' ? 'amq.default' : exchange}' in vhost '`;
}

/** Suspects those for which the broker would have sent this text from the mark on, as far as its text goes. */
function naming(text: string, mark: string, wordsFor: (input: PublishInput) => string): Suspicion {
  const said = text.slice(text.indexOf(mark));
  const isCut = cutText.test(said);
  const whole = said.replace(cutText, '');
  return {
    fits(input) {
      const words = wordsFor(input);
      return said.startsWith(words) || (isCut && words.startsWith(whole));
    },
    isExact: !isCut,
  };
}

function hasRouteHeaders(input: PublishInput): boolean {
  const { headers } = propertiesOf(input);
  return headers !== undefined && ('CC' in headers || 'BCC' in headers);
}

function propertiesOf({ properties }: PublishInput): BasicProperties {
  return properties instanceof Uint8Array ? new PropertiesReader(properties, 0, properties.length) : properties;
}
