/** What RabbitMQ refuses of a message before it routes it, in RabbitMQ's order. Must not route. */
import { InternalError, PreconditionFailed } from '@puka/errors';
import type { PropertiesReader } from '@puka/wire';
import { fieldsOf, isNotFinite } from './arguments.ts';
import { stringTerm, typeNameOf } from './erlang-terms.ts';
import { Message, textsOf } from './message.ts';

/** RabbitMQ: ten years, the most a time to live may be. */
const maxExpiryMs = 315_360_000_000;
const hardLimitBytes = 536_870_912;

/** @throws {PreconditionFailed} for a body over the limit. */
export function checkMessageSize(bodyBytes: number, maxMessageBytes: number): void {
  if (bodyBytes <= maxMessageBytes) return;
  const configured = maxMessageBytes === hardLimitBytes ? '' : 'configured ';
  throw new PreconditionFailed(`message size ${bodyBytes} is larger than ${configured}max size ${maxMessageBytes}`);
}

/** @throws {InternalError} for properties that cannot be decoded: RabbitMQ crashes over them and reports no more than that. */
export function checkProperties(properties: PropertiesReader): void {
  const { taggedHeaders } = properties;
  const isDecodable = taggedHeaders === undefined || !isNotFinite(taggedHeaders);
  if (properties.error !== undefined || !isDecodable) throw new InternalError('');
}

/** @throws {PreconditionFailed} for an `expiration` that is no number of milliseconds. */
export function checkExpiration(expiration: string | undefined): void {
  if (expiration === undefined) return;
  const fault = expirationFault(expiration);
  if (fault !== undefined) throw new PreconditionFailed(`invalid expiration '${expiration}': ${fault}`);
}

function expirationFault(expiration: string): string | undefined {
  const [, digits = '', rest = ''] = /^([+-]?\d+)?(.*)$/s.exec(expiration) ?? [];
  if (digits === '') return 'no_integer';
  if (rest !== '') return `{leftover_string,${stringTerm(rest)}}`;
  return expiryFault(BigInt(digits.replace('+', '')));
}

/** Why a time to live cannot be one, as an Erlang term; `undefined` if it can. */
export function expiryFault(milliseconds: bigint): string | undefined {
  if (milliseconds < 0n) return `{value_negative,${milliseconds}}`;
  if (milliseconds > BigInt(maxExpiryMs)) return `{value_too_large,${milliseconds}}`;
  return undefined;
}

/**
 * Makes a message of what was published: reads the routing keys of CC and BCC, and takes the BCC away.
 *
 * @throws {PreconditionFailed} for a CC or BCC or a `delivery-mode` that is none, in this order.
 */
export function messageOf(
  exchange: string,
  routingKey: string,
  properties: PropertiesReader,
  body: Uint8Array,
): Message {
  const { headers } = properties;
  const hasCopies = headers !== undefined && ('CC' in headers || 'BCC' in headers);
  const fields = hasCopies ? fieldsOf(properties.taggedHeaders) : [];
  const keys = hasCopies ? [routingKey, ...headerRoutes(fields)] : [routingKey];
  const { deliveryMode } = properties;
  if (deliveryMode !== undefined && deliveryMode !== 1 && deliveryMode !== 2) {
    throw new PreconditionFailed(`invalid message: {delivery_mode_unknown,${deliveryMode}}`);
  }
  const message = new Message(exchange, keys, properties, body);
  return hasCopies && 'BCC' in headers ? message.with(fields.filter(([name]) => name !== 'BCC')) : message;
}

function headerRoutes(fields: ReturnType<typeof fieldsOf>): string[] {
  return ['CC', 'BCC'].flatMap((header) => {
    const field = fields.find(([name]) => name === header)?.[1];
    if (field !== undefined && field.tag !== 'A') {
      throw new PreconditionFailed(
        `invalid message: {unacceptable_type_in_header,${stringTerm(header)},${typeNameOf(field.tag)}}`,
      );
    }
    return textsOf(field);
  });
}
