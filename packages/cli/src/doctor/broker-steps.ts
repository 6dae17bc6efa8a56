/** The steps of AMQP: protocol, login, vhost, version, limits, rights, clock. */
import {
  AuthenticationFailed,
  Client,
  ConnectionBroken,
  type ConnectionInfo,
  isPukaError,
  NotAllowed,
  UnsupportedProtocol,
} from '@puka/client';
import type { Address, StepResult } from './step.ts';

/** A broker whose clock is further off is warned of, in seconds. */
const clockToleranceSeconds = 5;
const patienceMs = 5000;

/** What {@link logIn} found. */
export interface LoginResult {
  readonly results: readonly StepResult[];
  /** Connected; `undefined` if that failed. The caller closes it. */
  readonly client: Client | undefined;
  readonly info: ConnectionInfo | undefined;
}

/** Connects, and reports which of protocol, login and vhost is wrong. */
export async function logIn(url: string, address: Address, signal: AbortSignal): Promise<LoginResult> {
  const client = new Client(url, { recover: false, connectionName: 'puka doctor' });
  client.on('unobserved', () => undefined);
  try {
    const info = await client.connect({ signal });
    const results: StepResult[] = [
      { step: 'protocol', state: 'ok', text: 'it speaks AMQP 0-9-1' },
      { step: 'login', state: 'ok', text: `user '${address.user}' may log in` },
      { step: 'vhost', state: 'ok', text: `vhost '${address.vhost}' is accessible to this user` },
    ];
    return { results, client, info };
  } catch (error) {
    await client.close().catch(() => undefined);
    return { results: connectFailure(error, address), client: undefined, info: undefined };
  }
}

function connectFailure(error: unknown, { user, vhost }: Address): StepResult[] {
  const protocol: StepResult = { step: 'protocol', state: 'ok', text: 'it speaks AMQP 0-9-1' };
  const login: StepResult = { step: 'login', state: 'ok', text: `user '${user}' may log in` };
  const said = error instanceof Error ? error.message : String(error);
  const root =
    isPukaError(error) && error instanceof ConnectionBroken && isPukaError(error.cause) ? error.cause : error;
  if (root instanceof AuthenticationFailed) {
    const guest = user === 'guest' ? "; RabbitMQ lets 'guest' in from its own machine only" : '';
    const text = `user '${user}' is refused: wrong name or password${guest}. The broker's log has the reason`;
    return [protocol, { step: 'login', state: 'failed', text, error: root }];
  }
  if (root instanceof NotAllowed) {
    const text = `vhost '${vhost}' is refused: ${said}. rabbitmqctl list_vhosts and list_permissions -p ${vhost} show more`;
    return [protocol, login, { step: 'vhost', state: 'failed', text, error: root }];
  }
  const what = root instanceof UnsupportedProtocol ? 'this is no AMQP 0-9-1' : 'the connection was not opened';
  return [{ step: 'protocol', state: 'failed', text: `${what}: ${said}`, error }];
}

/** What the broker reports of itself. */
export function lookAtVersion({ serverProperties }: ConnectionInfo): StepResult {
  const product = textOf(serverProperties.product) ?? 'unnamed broker';
  const version = textOf(serverProperties.version) ?? 'of unknown version';
  const platform = textOf(serverProperties.platform);
  const text = `${product} ${version}${platform === undefined ? '' : `, ${platform}`}`;
  const major = Number(/^\d+/.exec(version)?.[0]);
  const lacks = missingCapabilities(serverProperties.capabilities);
  if (lacks.length > 0) return { step: 'version', state: 'warning', text: `${text}; it lacks ${lacks.join(', ')}` };
  if (product === 'RabbitMQ' && major < 4) {
    return { step: 'version', state: 'warning', text: `${text}: the 3.x series gets no more fixes from its community` };
  }
  return { step: 'version', state: 'ok', text };
}

/** @returns `undefined` for a value that is not a string: a broker may send a table here. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What the client uses: without it confirms are emulated, cancels are not noticed, or alarms not reported. */
function missingCapabilities(capabilities: unknown): string[] {
  const wanted = ['publisher_confirms', 'consumer_cancel_notify', 'basic.nack', 'connection.blocked'];
  return wanted.filter((name) => Object(capabilities)[name] !== true);
}

/** The limits that were agreed on. */
export function lookAtLimits({ frameMax, channelMax, heartbeat }: ConnectionInfo): StepResult {
  const text = `frames of ${frameMax} bytes, ${channelMax} channels, heartbeat ${heartbeat === 0 ? 'off' : `${heartbeat} s`}`;
  if (heartbeat === 0) {
    return { step: 'limits', state: 'warning', text: `${text}: a broker that vanishes is not noticed for minutes` };
  }
  if (channelMax !== 0 && channelMax < 16) {
    return { step: 'limits', state: 'warning', text: `${text}: few channels make operations wait for each other` };
  }
  return { step: 'limits', state: 'ok', text };
}

/**
 * Sends a message through two queues of its own. The first lets it expire at once: the broker writes the time into the header
 * `x-death` of what it dead-letters, and has no other way to report its clock.
 */
export async function lookAtRightsAndClock(client: Client): Promise<StepResult[]> {
  let doing = 'declare a queue';
  try {
    const { queue: target } = await client.queueDeclare({ exclusive: true });
    const { queue } = await client.queueDeclare({
      exclusive: true,
      arguments: { 'x-message-ttl': 0, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': target },
    });
    doing = 'publish to a queue';
    const began = performance.now();
    await client.basicPublish({ routingKey: queue, mandatory: true, body: 'puka doctor' });
    doing = 'read from a queue';
    const message = await client.wait(client.basicConsume({ queue: target, noAck: true }), { timeout: patienceMs });
    const tookMs = Math.round(performance.now() - began);
    if (message === undefined) {
      return [{ step: 'rights', state: 'warning', text: `a message did not come back within ${patienceMs / 1000} s` }];
    }
    const rights: StepResult = {
      ...{ step: 'rights', state: 'ok' },
      text: `may declare, publish and read; a message there and back took ${tookMs} ms`,
    };
    return [rights, clockResult(message.headers['x-death'])];
  } catch (error) {
    if (!isPukaError(error)) throw error;
    return [{ step: 'rights', state: 'warning', text: `cannot ${doing}: ${error.message}` }];
  }
}

function clockResult(deaths: unknown): StepResult {
  const time: unknown = Array.isArray(deaths) ? Object(deaths[0]).time : undefined;
  if (!(time instanceof Date)) return { step: 'clock', state: 'warning', text: 'the broker did not report its time' };
  const seconds = Math.round((time.getTime() - Date.now()) / 1000);
  if (Math.abs(seconds) <= clockToleranceSeconds) {
    return { step: 'clock', state: 'ok', text: "the broker's clock and this one agree" };
  }
  const way = seconds > 0 ? 'ahead of' : 'behind';
  const text = `the broker's clock is ${Math.abs(seconds)} s ${way} this one: tokens and certificates may be refused`;
  return { step: 'clock', state: 'warning', text };
}
