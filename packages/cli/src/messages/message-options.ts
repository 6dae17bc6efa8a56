/** The properties of a message on the command line. */
import { type FieldValueInput, type PublishOptions, UsageError } from '@puka/client';
import type { Command } from 'commander';
import { parseExactJson } from './exact-json.ts';

/** The values of the options of {@link addMessageOptions}. */
export interface MessageOptions {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly header: readonly string[];
  readonly priority?: string;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly expiration?: string;
  readonly messageId?: string;
  readonly timestamp?: string;
  readonly type?: string;
  readonly userId?: string;
  readonly appId?: string;
  readonly transient?: boolean;
}

/** Adds them to a command. */
export function addMessageOptions(command: Command): Command {
  return command
    .option('--content-type <type>', 'MIME type of the body')
    .option('--content-encoding <encoding>', 'MIME encoding of the body')
    .option('--header <name=value>', 'a header of text; name:=json for any other; may be repeated', collect, [])
    .option('--priority <number>', '0 to 255')
    .option('--correlation-id <id>', 'what the publisher knows it by')
    .option('--reply-to <queue>', 'where to answer')
    .option('--expiration <ms>', 'milliseconds to live')
    .option('--message-id <id>', "the application's id of the message")
    .option('--timestamp <seconds>', 'seconds since 1970, or now')
    .option('--type <name>', "the application's kind of message")
    .option('--user-id <name>', 'has to be the user of the login')
    .option('--app-id <name>', 'the application that made it')
    .option('--transient', 'lost when the broker restarts');
}

/** For options that may be repeated. */
export function collect(value: string, all: readonly string[]): readonly string[] {
  return [...all, value];
}

/** @throws {UsageError} for a value that is not a number or not a pair. */
export function propertiesOf(options: MessageOptions): Omit<PublishOptions, 'routingKey'> {
  const { header, priority, timestamp, transient, ...texts } = options;
  const { contentType, contentEncoding, correlationId, replyTo, expiration, messageId, type, userId, appId } = texts;
  return {
    ...{ contentType, contentEncoding, correlationId, replyTo, expiration, messageId, type, userId, appId },
    priority: priority === undefined ? undefined : wholeNumber(priority, '--priority', 0, 255),
    timestamp: timestamp === undefined ? undefined : timeOf(timestamp),
    headers: header.length === 0 ? undefined : readPairs(header, '--header'),
    deliveryMode: transient === true ? 1 : 2,
  };
}

function timeOf(text: string): Date {
  if (text === 'now') return new Date();
  return new Date(wholeNumber(text, '--timestamp', 0, 8_640_000_000_000) * 1000);
}

/** `name=text` and `name:=json`. @throws {UsageError} for anything else. */
export function readPairs(pairs: readonly string[], option: string): Map<string, FieldValueInput> {
  return new Map(
    pairs.map((pair) => {
      const parts = /^(?<name>[^=]*?)(?<json>:)?=(?<value>.*)$/s.exec(pair)?.groups;
      const { name, json, value = '' } = parts ?? {};
      if (name === undefined || name === '') throw new UsageError(`${option} takes name=value, not '${pair}'`);
      if (json === undefined) return [name, value];
      try {
        return [name, parseExactJson(value) as FieldValueInput]; // Its content is checked when it is encoded.
      } catch (cause) {
        if (cause instanceof UsageError) throw new UsageError(`${option} ${name}: ${cause.message}`, { cause });
        throw new UsageError(`${option} ${name}:= takes JSON, not '${value}'`, { cause });
      }
    }),
  );
}

/** @throws {UsageError} for what is not a whole number of the range. */
export function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} takes a whole number from ${least} to ${most}, not '${text}'`);
}
