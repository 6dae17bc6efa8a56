/** What a session has to know before it starts: types, defaults, and the check of both. Must not keep a secret. */
import { UsageError } from '@puka/errors';
import {
  ByteWriter,
  encodeConnectionOpen,
  encodeConnectionStartOk,
  type FieldTableInput,
  highestMaxTableDepth,
} from '@puka/wire';
import { completeClientProperties } from './client-properties.ts';
import { checkLogin, type LoginOptions } from './login.ts';
import { type MechanismName, type SaslMechanism, saslMechanisms } from './sasl.ts';

/** Options of a `Session`. */
export interface SessionOptions {
  /** The user to log in as. Without it the credentials come by `useCredentials()`, or the mechanism needs none. */
  readonly username?: string | undefined;
  /** Its password. It is in no error and in no log. Default: empty. */
  readonly password?: string | undefined;
  /** The virtual host to enter. Default `/`. */
  readonly vhost?: string | undefined;
  /** The ways to log in that are allowed, the preferred one first. Default PLAIN, then AMQPLAIN. */
  readonly mechanisms?: readonly (MechanismName | SaslMechanism)[] | undefined;
  /** Whether the bytes go over TLS. Default `false`. */
  readonly isEncrypted?: boolean | undefined;
  /** `false`: neither PLAIN nor AMQPLAIN without TLS. Default `true`. */
  readonly allowCleartextPassword?: boolean | undefined;
  /** The heartbeat wished for, in seconds, 0 to 65535; 0 is off. The broker may ask for a shorter one. Default 60. */
  readonly heartbeat?: number | undefined;
  /** The largest frame offered, in bytes, 8192 at least; 0 leaves it to the broker. Default 131072. */
  readonly frameMax?: number | undefined;
  /** The highest channel number offered, 1 to 65535; 0 leaves it to the broker. Default 2047. */
  readonly channelMax?: number | undefined;
  /** Largest message taken, in bytes. The body of a longer one is passed over. Default 128 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Makes the memory of a body that is copied together and has no `bodyMemory`: takes its length in bytes, and returns a new array
   * of that length, which becomes the message's. Default `new Uint8Array(byteCount)`.
   */
  readonly newBody?: ((byteCount: number) => Uint8Array) | undefined;
  /**
   * Most bytes of answers that the broker asked for and does not read: replies to `channel.flow`, deliveries that go back
   * by themselves. More end the connection. Default 16 MiB.
   */
  readonly maxAnswerBytes?: number | undefined;
  /** Maximum nesting depth of tables and arrays, in headers and arguments, the outermost counted, 1 to 512. Default 64. */
  readonly maxTableDepth?: number | undefined;
  /** Time for the whole handshake, in milliseconds. Default 10 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Time the broker has to answer our close, in milliseconds. Default 5000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Added to what the client reports of itself. */
  readonly clientProperties?: FieldTableInput | undefined;
  /** A name for the connection, shown by RabbitMQ's management page. */
  readonly connectionName?: string | undefined;
  /** The runtime and its version, shown there too. Default `TypeScript`. */
  readonly platform?: string | undefined;
}

/** The options with every default filled in, without the login. */
export interface CompleteSessionOptions {
  readonly vhost: string;
  readonly heartbeat: number;
  readonly frameMax: number;
  readonly channelMax: number;
  readonly maxMessageBytes: number;
  readonly newBody: ((byteCount: number) => Uint8Array) | undefined;
  readonly maxAnswerBytes: number;
  readonly maxTableDepth: number;
  readonly connectTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** Complete, as it goes out. */
  readonly clientProperties: FieldTableInput;
}

/** RabbitMQ 4.1 and later refuse less, in tune and before it. */
const leastFrameMax = 8192;
const largestFrameMax = 0x7fff_ffff;
const highestChannelMax = 65_535;

/** Fills the defaults in, and checks. @throws {UsageError} for a value out of its range, or properties no table can hold. */
export function completeSessionOptions(options: SessionOptions): CompleteSessionOptions {
  const complete: CompleteSessionOptions = {
    vhost: options.vhost ?? '/',
    heartbeat: options.heartbeat ?? 60,
    // 0 is no limit of ours; what the broker does not limit either ends where the field or the socket does.
    frameMax: options.frameMax === 0 ? largestFrameMax : (options.frameMax ?? 131_072),
    channelMax: options.channelMax === 0 ? highestChannelMax : (options.channelMax ?? 2047),
    maxMessageBytes: options.maxMessageBytes ?? 134_217_728,
    newBody: options.newBody,
    maxAnswerBytes: options.maxAnswerBytes ?? 16_777_216,
    maxTableDepth: options.maxTableDepth ?? 64,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 5000,
    clientProperties: completeClientProperties(options.clientProperties ?? {}, options),
  };
  checkRange('heartbeat', complete.heartbeat, 0, 65_535);
  checkRange('channelMax', complete.channelMax, 1, highestChannelMax);
  checkRange('maxMessageBytes', complete.maxMessageBytes, 0, Number.MAX_SAFE_INTEGER);
  checkRange('maxAnswerBytes', complete.maxAnswerBytes, 0, Number.MAX_SAFE_INTEGER);
  checkRange('maxTableDepth', complete.maxTableDepth, 1, highestMaxTableDepth);
  if (complete.newBody !== undefined && typeof complete.newBody !== 'function')
    throw new UsageError('newBody must be a function, such as (byteCount) => new Uint8Array(byteCount)');
  checkTime('connectTimeoutMs', complete.connectTimeoutMs);
  checkTime('closeTimeoutMs', complete.closeTimeoutMs);
  if (complete.frameMax < leastFrameMax) {
    throw new UsageError(
      `frameMax is ${complete.frameMax}; ${leastFrameMax} is the least, because RabbitMQ 4.1 and later refuse less`,
    );
  }
  checkRange('frameMax', complete.frameMax, leastFrameMax, largestFrameMax);
  checkEncoding(complete);
  return complete;
}

/** The login that the options ask for. @throws {UsageError} if there is no way to log in. */
export function loginOptions(options: SessionOptions): LoginOptions {
  const { username, password = '' } = options;
  const login: LoginOptions = {
    mechanisms: saslMechanisms(options.mechanisms ?? ['PLAIN', 'AMQPLAIN']),
    credentials: username === undefined ? undefined : { username, password },
    isEncrypted: options.isEncrypted ?? false,
    allowCleartextPassword: options.allowCleartextPassword ?? true,
  };
  checkLogin(login);
  return login;
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UsageError(`${name} is ${String(value)}; it takes ${least} to ${most}`);
}

function checkTime(name: string, value: number): void {
  if (typeof value === 'number' && value >= 0) return;
  throw new UsageError(`${name} is ${String(value)}; it takes milliseconds, 0 or more`);
}

/** Checks options without a session. @throws {UsageError} as the constructor of `Session` does. */
export function checkSessionOptions(options: SessionOptions): void {
  completeSessionOptions(options);
  loginOptions(options);
}

/** What cannot be encoded is the caller's mistake, so it is found at the call and not in the handshake. */
function checkEncoding({ vhost, clientProperties, maxTableDepth }: CompleteSessionOptions): void {
  const writer = new ByteWriter(1024);
  writer.maxTableDepth = maxTableDepth;
  encodeConnectionStartOk(writer, 0, { clientProperties, response: '' });
  encodeConnectionOpen(writer, 0, { virtualHost: vhost });
}
