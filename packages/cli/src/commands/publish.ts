/** `puka publish`: lines, whole files or NDJSON, each message confirmed. */
import { createReadStream } from 'node:fs';
import { type PublishOptions, UsageError } from '@puka/client';
import type { Command } from 'commander';
import { type CommonOptions, largestWindow, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { messageFromLine } from '../messages/message-line.ts';
import { addMessageOptions, type MessageOptions, propertiesOf, wholeNumber } from '../messages/message-options.ts';
import { MessageFailed, PublishWindow } from '../messages/publish-window.ts';
import { readLines, readWhole } from '../terminal/input-lines.ts';
import type { Io } from '../terminal/io.ts';
import { Progress } from '../terminal/progress.ts';
import { counted, summary } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface PublishCommandOptions extends CommonOptions, MessageOptions {
  readonly queue?: string;
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly body?: string;
  readonly whole?: boolean;
  readonly ndjson?: boolean;
  readonly mandatory?: boolean;
  readonly window: string;
}

/** Where a message came from, for the error. */
interface Source {
  readonly name: string;
  readonly message: PublishOptions;
}

export function addPublish(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'publish [files...]',
    summary: 'Publish lines of standard input or of files; every message is confirmed',
    examples: [
      ['echo hello | puka publish -q jobs', 'a line is a message'],
      ['puka publish -q jobs --body hello', 'one message'],
      ['puka publish -e images -k new --whole a.png b.png', 'a file is a message'],
      ['puka publish -q jobs --ndjson < messages.ndjson', 'a line is {"body": …, "headers": …, …}'],
    ],
  })
    .option('-q, --queue <name>', 'to this queue, which has to be there')
    .option('-e, --exchange <name>', 'to this exchange')
    .option('-k, --routing-key <key>', 'with --exchange; default empty')
    .option('--body <text>', 'one message with this body')
    .option('--whole', 'each file, or all of standard input, is one message')
    .option('--ndjson', 'each line is a message as JSON; what it does not state is taken from the options')
    .option('--mandatory', 'fail where no queue takes a message; always with --queue')
    .option('--window <count>', 'most unconfirmed messages', '1000');
  runs<[readonly string[]], PublishCommandOptions>(addMessageOptions(command), registration, publish);
  program.addCommand(command);
}

async function publish(io: Io, options: PublishCommandOptions, files: readonly string[]): Promise<ExitCode> {
  const base = { ...routeOf(options), ...propertiesOf(options) };
  const size = wholeNumber(options.window, '--window', 1, largestWindow);
  return await withClient(io, options, {
    command: 'publish',
    recover: true,
    use: async (client) => {
      const began = performance.now();
      const progress = new Progress(io, options, { title: 'published' });
      const window = new PublishWindow(client, size, () => progress.show(window.confirmed));
      try {
        for await (const { name, message } of messagesOf(io, options, files, base)) {
          await window.publish(message, name);
          if (window.failure !== undefined || io.interrupted.aborted) break;
        }
      } finally {
        // What was sent gets its outcome, whatever ended the input.
        await window.drain();
        progress.stop();
      }
      const { confirmed, failure } = window;
      const seconds = Math.round(performance.now() - began) / 1000;
      await summary(io, options, `published ${counted(confirmed, 'message')}`, { published: confirmed, seconds });
      if (failure !== undefined) {
        throw new MessageFailed(failure);
      }
      return io.interrupted.aborted ? exitCodes.interrupted : exitCodes.done;
    },
  });
}

function routeOf(options: PublishCommandOptions): PublishOptions {
  const { queue, exchange, routingKey, mandatory, ndjson, whole, body } = options;
  if ([body !== undefined, whole, ndjson].filter((isGiven) => isGiven === true).length > 1) {
    throw new UsageError('publish takes only one of --body, --whole and --ndjson');
  }
  if (queue !== undefined && (exchange ?? routingKey) !== undefined) {
    throw new UsageError('publish takes --queue, or --exchange and --routing-key');
  }
  if (queue !== undefined) return { exchange: '', routingKey: queue, mandatory: true };
  if (exchange === undefined && ndjson !== true) throw new UsageError('publish takes --queue or --exchange');
  if (exchange === undefined && routingKey !== undefined) throw new UsageError('--routing-key needs --exchange');
  return { exchange: exchange ?? '', routingKey: routingKey ?? '', mandatory: mandatory === true };
}

async function* messagesOf(
  io: Io,
  options: PublishCommandOptions,
  files: readonly string[],
  base: PublishOptions,
): AsyncGenerator<Source> {
  if (options.body !== undefined) {
    if (files.length > 0) throw new UsageError('publish takes --body or files');
    yield { name: '--body', message: { ...base, body: options.body } };
    return;
  }
  const inputs = files.length === 0 ? [undefined] : files;
  for (const file of inputs) {
    const name = file ?? 'standard input';
    // Opened only when its turn comes: there may be more files than the process can open, and one may be missing.
    const input = file === undefined ? io.stdin : createReadStream(file);
    if (options.whole === true) {
      yield { name, message: { ...base, body: await readWhole(input, io.interrupted) } };
      continue;
    }
    let line = 0;
    for await (const bytes of readLines(input, io.interrupted)) {
      line++;
      const where = `${name}, line ${line}`;
      if (options.ndjson !== true) yield { name: where, message: { ...base, body: bytes } };
      else if (bytes.length > 0) yield { name: where, message: withBase(where, bytes, options, base) };
    }
  }
}

/** The options name the route if there are any; properties of the line win. */
function withBase(
  where: string,
  line: Uint8Array,
  options: PublishCommandOptions,
  base: PublishOptions,
): PublishOptions {
  try {
    const { message } = messageFromLine(line);
    const hasRoute = (options.queue ?? options.exchange) !== undefined;
    // The default exchange would accept the message and route it to no queue.
    if (!hasRoute && message.exchange === '' && message.routingKey === '') {
      throw new UsageError('the line has no routingKey and no exchange: give --queue or --exchange');
    }
    const { exchange, routingKey } = hasRoute && (options.routingKey ?? options.queue) !== undefined ? base : message;
    // A message to the default exchange names its queue, as with --queue.
    const mandatory = base.mandatory === true || (!hasRoute && exchange === '');
    return { ...base, ...message, exchange: hasRoute ? base.exchange : exchange, routingKey, mandatory };
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}
