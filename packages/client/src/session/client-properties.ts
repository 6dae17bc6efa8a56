/** What the client reports of itself to the broker. Must not look at the runtime: the platform is an argument. */
import { UsageError } from '@puka/errors';
import { type FieldTableInput, type FieldValueInput, isMap, isPlainObject } from '@puka/wire';
import { packageVersion } from '../generated/version.ts';

type FieldObjectInput = Readonly<Record<string, FieldValueInput>>;

/** The fields that have an option of their own. */
export interface GivenProperties {
  /** RabbitMQ: `connection_name`. */
  readonly connectionName?: string | undefined;
  /** `platform`. */
  readonly platform?: string | undefined;
}

/** RabbitMQ: what the broker does otherwise for a client that announces it. */
const capabilities: FieldObjectInput = {
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
  per_consumer_qos: true,
};

/** The fields that RabbitMQ's management page shows of a connection. */
const shown: FieldObjectInput = {
  product: 'Puka',
  version: packageVersion,
  information: 'https://www.npmjs.com/package/@puka/client',
};

/**
 * The table of `connection.start-ok`: ours, then the user's, which win. Capabilities are joined, and there ours win: the
 * client can do what it announces.
 *
 * @param given fields that have an option of their own; of these `connectionName` wins over `own`, `own` wins over `platform`.
 * @throws {UsageError} for what is neither a plain object nor a `Map`, there or in `capabilities`.
 */
export function completeClientProperties(own: FieldTableInput, given: GivenProperties = {}): FieldTableInput {
  const fields = fieldsOf(own, 'clientProperties');
  const theirs = fields.capabilities;
  const joined =
    theirs === undefined ? capabilities : { ...fieldsOf(theirs, 'clientProperties.capabilities'), ...capabilities };
  const { connectionName, platform = 'TypeScript' } = given;
  if (connectionName !== undefined && typeof connectionName !== 'string') {
    throw new UsageError(`connectionName is text, not ${typeof connectionName}`);
  }
  const name = connectionName === undefined ? {} : { connection_name: connectionName };
  return { ...shown, platform, ...fields, ...name, capabilities: joined };
}

function fieldsOf(table: FieldValueInput, name: string): FieldObjectInput {
  // What is in them is left to the encoder.
  if (isMap(table)) return Object.fromEntries(table) as FieldObjectInput;
  if (isPlainObject(table)) return table as FieldObjectInput;
  throw new UsageError(`${name} is a plain object or a Map`);
}
