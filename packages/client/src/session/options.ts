/** What a session has to know before it starts. Types and defaults only. */
import type { FieldTableInput } from '@puka/wire';

/** Options of a `Session`. */
export interface SessionOptions {
  /** The user to log in as. */
  readonly username: string;
  /** Its password; stands in no error and no log. */
  readonly password: string;
  /** The virtual host to enter. */
  readonly vhost: string;
  /** The heartbeat wished for, in seconds, 0 to 65535; 0 is off. Default 60. */
  readonly heartbeat?: number | undefined;
  /** The largest frame offered, in bytes, 8192 at least. Default 131072. */
  readonly frameMax?: number | undefined;
  /** The highest channel number offered, 1 to 65535. Default 2047. */
  readonly channelMax?: number | undefined;
  /** Largest message taken, in bytes. Default 128 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** Time for the whole handshake, in milliseconds. Default 10 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Time the broker has to answer our close, in milliseconds. Default 5000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Added to what the client tells of itself. */
  readonly clientProperties?: FieldTableInput | undefined;
}

/** The options with every default filled in. */
export type CompleteSessionOptions = { readonly [Name in keyof SessionOptions]-?: NonNullable<SessionOptions[Name]> };

/** Fills the defaults in. */
export function completeSessionOptions(options: SessionOptions): CompleteSessionOptions {
  return {
    username: options.username,
    password: options.password,
    vhost: options.vhost,
    heartbeat: options.heartbeat ?? 60,
    frameMax: options.frameMax ?? 131_072,
    channelMax: options.channelMax ?? 2047,
    maxMessageBytes: options.maxMessageBytes ?? 134_217_728,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 5000,
    clientProperties: options.clientProperties ?? {},
  };
}
