/** The steps until a connection is open: what is offered, and what is taken of the answers. Must not hold the state. */
import { AccessRefused, type AmqpError, NotAllowed } from '@puka/errors';
import {
  type ByteWriter,
  type ConnectionStartOk,
  type ConnectionTuneOk,
  encodeConnectionStart,
  encodeConnectionTune,
  type FieldTable,
} from '@puka/wire';
import type { BrokerModel } from '../model/broker-model.ts';
import { FaultRefusal } from '../model/fault-refusal.ts';
import type { User } from '../model/users.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { Interference } from './interference.ts';
import { mechanisms, readLogin } from './login.ts';
import type { ServerSettings } from './server-settings.ts';

/** RabbitMQ 3.10: the least a client may tune `frame_max` to. AMQP 0-9-1 §4.9. */
const leastFrameMax = 4096;

/** What the client can do, by its own account. RabbitMQ: docs/consumer-cancel, docs/connection-blocked. */
export interface ClientCapabilities {
  readonly authenticationFailureClose: boolean;
  readonly consumerCancelNotify: boolean;
  readonly connectionBlocked: boolean;
}

/** The client may go on, gets a refusal, or gets nothing. */
export type LoginOutcome =
  | { readonly type: 'user'; readonly user: User }
  | { readonly type: 'refused'; readonly error: AmqpError }
  | { readonly type: 'silence' };

/** Introduces the broker. */
export function sendStart(writer: ByteWriter, { serverProperties }: ServerSettings): void {
  encodeConnectionStart(writer, 0, { serverProperties, mechanisms, locales: 'en_US' });
}

/** Reads the client's capabilities. */
export function capabilitiesOf({ clientProperties }: ConnectionStartOk): ClientCapabilities {
  const { capabilities } = clientProperties;
  const isTable = typeof capabilities === 'object' && capabilities !== null && !Array.isArray(capabilities);
  // A table is an object without prototype; the other objects a field can be have none of these names.
  const table = (isTable ? capabilities : {}) as FieldTable;
  return {
    authenticationFailureClose: table.authentication_failure_close === true,
    consumerCancelNotify: table.consumer_cancel_notify === true,
    connectionBlocked: table['connection.blocked'] === true,
  };
}

/** Checks the login. RabbitMQ: a refusal is sent only to a client with the capability for it. */
export function logIn(
  broker: BrokerModel,
  interference: Interference,
  { mechanism, response }: ConnectionStartOk,
  { authenticationFailureClose }: ClientCapabilities,
): LoginOutcome {
  const login = readLogin(mechanism, response);
  if (login === undefined) return { type: 'silence' };
  const isFault = interference.refusesLogin(login.username);
  const user = isFault ? undefined : broker.users.login(login.username, login.password);
  if (user !== undefined) return { type: 'user', user };
  if (!authenticationFailureClose) return { type: 'silence' };
  const text = `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`;
  return { type: 'refused', error: isFault ? new FaultRefusal(403, text) : new AccessRefused(text) };
}

/** Offers limits. */
export function sendTune(writer: ByteWriter, { channelMax, frameMax, heartbeat }: ServerSettings): void {
  encodeConnectionTune(writer, 0, { channelMax, frameMax, heartbeat });
}

/** Whether the client has stayed within what was offered. RabbitMQ: 0 is more than any limit. */
export function isTuneTaken(tuned: ConnectionTuneOk, settings: ServerSettings): boolean {
  const isWithin = (client: number, offered: number, least: number): boolean =>
    !(client !== 0 && client < least) && !(offered !== 0 && (client === 0 || client > offered));
  return (
    isWithin(tuned.frameMax, settings.frameMax, leastFrameMax) && isWithin(tuned.channelMax, settings.channelMax, 1)
  );
}

/** Finds the vhost. @returns the refusal if it is not there, not for this user, or down. */
export function openVhost(
  broker: BrokerModel,
  interference: Interference,
  user: User,
  name: string,
): VirtualHost | AmqpError {
  const vhost = broker.vhosts.get(name);
  if (vhost === undefined) return new NotAllowed(`vhost ${name} not found`);
  const refused = `access to vhost '${name}' refused for user '${user.name}'`;
  if (!broker.users.mayEnter(user.name, name)) return new NotAllowed(refused);
  if (interference.isVhostDown(name)) return new FaultRefusal(541, `${refused}: vhost '${name}' is down`);
  return vhost;
}
