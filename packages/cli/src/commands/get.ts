/** `puka get`: a few messages now. They stay in the queue unless they are acked. */
import type { Message } from '@puka/client';
import type { Command } from 'commander';
import { type CommonOptions, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { wholeNumber } from '../messages/message-options.ts';
import { type Io, isReaderGone } from '../terminal/io.ts';
import { newCommand, type Registration, runs } from './command.ts';
import { lineOf, writeLine } from './consume.ts';

interface GetCommandOptions extends CommonOptions {
  readonly count: string;
  readonly ack?: boolean;
}

export function addGet(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'get <queue>',
    summary: 'Print the next messages of a queue; they stay there, marked as redelivered',
    examples: [
      ['puka get jobs', 'look at the next one'],
      ['puka get jobs -n 5 --json', 'at five, with all of their properties'],
      ['puka get jobs --ack', 'take it out'],
    ],
  })
    .option('-n, --count <number>', 'most messages', '1')
    .option('--ack', 'take them out of the queue');
  runs<[string], GetCommandOptions>(command, registration, get);
  program.addCommand(command);
}

async function get(io: Io, options: GetCommandOptions, queue: string): Promise<ExitCode> {
  const count = wholeNumber(options.count, '--count', 1, 100_000);
  return await withClient(io, options, {
    command: 'get',
    recover: false,
    use: async (client) => {
      const kept: Message[] = [];
      let printed = 0;
      try {
        while (printed < count && !io.interrupted.aborted) {
          const message = await client.basicGet({ queue });
          if (message === null) break;
          kept.push(message);
          await writeLine(io, lineOf(message, options));
          printed++;
          if (options.ack === true) message.ack();
        }
      } catch (error) {
        // Messages that were not written go back to their queue.
        if (isReaderGone(error)) return exitCodes.done;
        throw error;
      } finally {
        for (const message of kept) if (!message.isSettled) message.nack();
      }
      if (io.interrupted.aborted) return exitCodes.interrupted;
      return printed === 0 ? exitCodes.empty : exitCodes.done;
    },
  });
}
