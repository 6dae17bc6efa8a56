/**
 * Which of the publishes on a channel the broker can have meant when it closed it: `channel.close` names no delivery
 * tag, but RabbitMQ's text names what is wrong. Pure; must not decide what happens then.
 */
import type { AmqpError } from '@puka/errors';
import { type BasicProperties, PropertiesReader } from '@puka/wire';
import type { PublishInput } from './session/index.ts';

/** Whether a publish can be the culprit. */
export type Suspicion = (input: PublishInput) => boolean;

/**
 * @returns the narrowest suspicion that the broker's words allow; `undefined` where they name nobody, so that it can be
 * anyone. RabbitMQ: the checks of basic.publish in `rabbit_channel`.
 */
export function suspicionOf(error: AmqpError): Suspicion | undefined {
  const text = error.replyText ?? '';
  const exchange = /exchange '([^']*)' in vhost/.exec(text)?.[1];
  // RabbitMQ calls the default exchange by a name of its own.
  if (exchange !== undefined) return (input) => input.exchange === (exchange === 'amq.default' ? '' : exchange);
  const userId = /user_id property set to '([^']*)'/.exec(text)?.[1];
  if (userId !== undefined) return ({ properties }) => userIdOf(properties) === userId;
  const limit = /larger than configured max size (\d+)/.exec(text)?.[1];
  if (limit !== undefined) return (input) => input.body.length > Number(limit);
  return undefined;
}

function userIdOf(properties: BasicProperties | Uint8Array): string | undefined {
  if (!(properties instanceof Uint8Array)) return properties.userId;
  return new PropertiesReader(properties, 0, properties.length).userId;
}
