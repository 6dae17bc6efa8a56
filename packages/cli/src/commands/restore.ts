/**
 * `puka restore`: publishes what `puka dump` wrote, each message confirmed. With `--state` it knows after a crash how far it
 * had come; what was not known to be confirmed goes again.
 */
import { createReadStream } from 'node:fs';
import { type Client, type PublishOptions, UsageError } from '@puka/client';
import type { Command } from 'commander';
import { type CommonOptions, largestWindow, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { headersOfCopy } from '../messages/copy.ts';
import { messageFromLine } from '../messages/message-line.ts';
import { wholeNumber } from '../messages/message-options.ts';
import { MessageFailed, PublishWindow } from '../messages/publish-window.ts';
import { RestoreState } from '../messages/restore-state.ts';
import { readLines } from '../terminal/input-lines.ts';
import type { Io } from '../terminal/io.ts';
import { Progress } from '../terminal/progress.ts';
import { counted, summary } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface RestoreOptions extends CommonOptions {
  readonly queue?: string;
  readonly original?: boolean;
  readonly dropUserId?: boolean;
  readonly state?: string;
  readonly window: string;
}

export function addRestore(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'restore [file]',
    summary: 'Publish what puka dump wrote; every message is confirmed',
    examples: [
      ['puka restore jobs.ndjson', 'each into the queue it came from'],
      ['puka restore jobs.ndjson --queue copy', 'into another queue'],
      ['puka restore big.ndjson --state big.state', 'after a crash the same line goes on'],
    ],
  })
    .option('-q, --queue <name>', 'into this queue; default: each into its own')
    .option('--original', 'to the exchange and with the routing key that it was published with')
    .option('--state <file>', 'remember what is confirmed, and go on from there')
    .option('--drop-user-id', "without the messages' user id, which RabbitMQ accepts from that user only")
    .option('--window <count>', 'most unconfirmed messages', '1000');
  runs<[string | undefined], RestoreOptions>(command, registration, restore);
  program.addCommand(command);
}

async function restore(io: Io, options: RestoreOptions, file: string | undefined): Promise<ExitCode> {
  if (options.queue !== undefined && options.original === true) {
    throw new UsageError('restore takes --queue or --original, not both');
  }
  const size = wholeNumber(options.window, '--window', 1, largestWindow);
  const state = await RestoreState.open(options.state);
  return await withClient(io, options, {
    command: 'restore',
    recover: true,
    use: async (client) => {
      const { restored, skipped } = await publishLines(io, options, { client, file, size, state });
      const before = skipped > 0 ? `, ${counted(skipped, 'message')} before` : '';
      await summary(io, options, `restored ${counted(restored, 'message')}${before}`, { restored, skipped });
      return io.interrupted.aborted ? exitCodes.interrupted : exitCodes.done;
    },
  });
}

interface RestorePlan {
  readonly client: Client;
  readonly file: string | undefined;
  readonly size: number;
  readonly state: RestoreState;
}

async function publishLines(
  io: Io,
  options: RestoreOptions,
  { client, file, size, state }: RestorePlan,
): Promise<{ readonly restored: number; readonly skipped: number }> {
  const skipped = state.confirmed;
  const progress = new Progress(io, options, { title: 'restored' });
  const window: PublishWindow = new PublishWindow(client, size, () => {
    progress.show(window.confirmed);
    state.advance(skipped + window.confirmedInOrder);
  });
  let line = 0;
  let messages = 0;
  try {
    for await (const bytes of readLines(file === undefined ? io.stdin : createReadStream(file), io.interrupted)) {
      line++;
      if (bytes.length === 0) continue;
      messages++;
      state.read(bytes);
      if (messages <= skipped) continue;
      const name = `${file ?? 'standard input'}, line ${line}`;
      // The count in the file is behind by at most one window, so that a crash causes no more duplicates than that.
      while (window.failure === undefined && state.saved < messages - size) {
        await state.flush();
        if (state.saved < messages - size) await window.settleOne();
      }
      await window.publish(messageOf(name, bytes, options), name);
      if (window.failure !== undefined || io.interrupted.aborted) break;
    }
    if (!io.interrupted.aborted) state.checkEnd();
  } finally {
    // What was sent gets its outcome, and the state knows it, whatever ended the input.
    await window.drain();
    await state.flush();
    progress.stop();
  }
  if (window.failure !== undefined) throw new MessageFailed(window.failure);
  return { restored: window.confirmed, skipped: Math.min(skipped, messages) };
}

function messageOf(name: string, line: Uint8Array, options: RestoreOptions): PublishOptions {
  try {
    const { queue, message } = messageFromLine(line);
    const copy = options.dropUserId === true ? { ...message, userId: undefined } : message;
    // The message was in a queue. Without mandatory it would be lost without an error if no queue takes it.
    if (options.original === true) return { ...copy, mandatory: true };
    const routingKey = options.queue ?? queue;
    if (routingKey === undefined) throw new UsageError('the line names no queue: give --queue');
    return { ...copy, headers: headersOfCopy(copy.headers), exchange: '', routingKey, mandatory: true };
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
}
