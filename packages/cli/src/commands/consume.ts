/** `puka consume` and `puka tail`: messages as they come. Each is acked when it has been written. */
import { type Client, type Consumer, type Message, UsageError } from '@puka/client';
import type { Command } from 'commander';
import { type CommonOptions, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { messageToLine } from '../messages/message-line.ts';
import { collect, readPairs, wholeNumber } from '../messages/message-options.ts';
import { nextMessage } from '../messages/next-message.ts';
import { type Io, isReaderGone } from '../terminal/io.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface StreamOptions extends CommonOptions {
  readonly count?: string;
  readonly idle?: string;
}

interface ConsumeCommandOptions extends StreamOptions {
  readonly prefetch: string;
}

interface TailOptions extends StreamOptions {
  readonly routingKey: readonly string[];
  readonly match: readonly string[];
  readonly buffer: string;
}

/** Longest time without a message that ends a command, in milliseconds: an hour. */
const maxIdleMs = 3_600_000;

function streamCommand(command: Command): Command {
  return command
    .option('-n, --count <number>', 'end after so many messages')
    .option('--idle <ms>', 'end when nothing has come for so long');
}

export function addConsume(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'consume <queue>',
    summary: 'Take messages from a queue and print them; each is acked when it has been written',
    examples: [
      ['puka consume jobs', 'bodies, one a line, until Ctrl-C'],
      ['puka consume jobs -n 10 --json | jq .body', 'ten, as JSON'],
      ['puka consume jobs --idle 1000 > jobs.txt', 'until the queue is empty'],
    ],
  }).option('--prefetch <number>', 'most messages unacked', '100');
  runs<[string], ConsumeCommandOptions>(streamCommand(command), registration, consume);
  program.addCommand(command);
}

export function addTail(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'tail <exchange>',
    summary: 'Print a copy of what an exchange gets; other consumers still get every message',
    examples: [
      ['puka tail logs', 'all of it'],
      ["puka tail events -k 'order.*' -k 'invoice.#'", 'what these keys match'],
      ['puka tail by-type --match x-match=any --match format=pdf', 'of a headers exchange'],
    ],
  })
    .option('-k, --routing-key <key>', 'binding key; may be repeated; default #', collect, [])
    .option('--match <name=value>', 'argument of the binding, for a headers exchange', collect, [])
    .option('--buffer <count>', 'most messages kept for a slow reader; the oldest go first', '10000');
  runs<[string], TailOptions>(streamCommand(command), registration, tail);
  program.addCommand(command);
}

async function consume(io: Io, options: ConsumeCommandOptions, queue: string): Promise<ExitCode> {
  const prefetchCount = wholeNumber(options.prefetch, '--prefetch', 1, 65_535);
  const limits = limitsOf(options);
  // No more than are wanted: the rest would be delivered in vain.
  const prefetch = Math.min(prefetchCount, limits.count);
  return await withClient(io, options, {
    command: 'consume',
    recover: true,
    use: async (client) => {
      const consumer = client.basicConsume({ queue, prefetchCount: prefetch });
      await consumer.ready;
      return await printAll(io, client, consumer, limits, (message) => lineOf(message, options));
    },
  });
}

async function tail(io: Io, options: TailOptions, exchange: string): Promise<ExitCode> {
  if (exchange === '') throw new UsageError('the default exchange has no bindings: nothing can be bound to it');
  const limits = limitsOf(options);
  const match = readPairs(options.match, '--match');
  const keys = options.routingKey.length > 0 ? options.routingKey : ['#'];
  const maxLength = wholeNumber(options.buffer, '--buffer', 1, 10_000_000);
  return await withClient(io, options, {
    command: 'tail',
    recover: true,
    use: async (client) => {
      const { queue } = await client.queueDeclare({
        ...{ exclusive: true, autoDelete: true },
        arguments: { 'x-max-length': maxLength },
      });
      for (const routingKey of keys) await client.queueBind({ queue, exchange, routingKey, arguments: match });
      const consumer = client.basicConsume({ queue, prefetchCount: 100 });
      await consumer.ready;
      return await printAll(io, client, consumer, limits, (message) =>
        options.json === true ? messageToLine(message, 'readable') : `${message.routingKey}\t${message.text()}`,
      );
    },
  });
}

/** What ends a command by itself. */
interface Limits {
  readonly count: number;
  readonly idleMs: number | undefined;
}

function limitsOf({ count, idle }: StreamOptions): Limits {
  return {
    count: count === undefined ? Number.POSITIVE_INFINITY : wholeNumber(count, '--count', 1, Number.MAX_SAFE_INTEGER),
    idleMs: idle === undefined ? undefined : wholeNumber(idle, '--idle', 1, maxIdleMs),
  };
}

/** A message as a line of the output. */
export function lineOf(message: Message, { json }: CommonOptions): string | Uint8Array {
  return json === true ? messageToLine(message, 'readable') : message.body;
}

async function printAll(
  io: Io,
  client: Client,
  consumer: Consumer,
  { count, idleMs }: Limits,
  format: (message: Message) => string | Uint8Array,
): Promise<ExitCode> {
  try {
    for (let printed = 0; printed < count; printed++) {
      const message = await nextMessage(client, consumer, { idleMs, signal: io.interrupted });
      if (message === undefined) break;
      await writeLine(io, format(message));
      message.ack();
    }
  } catch (error) {
    // What was not written is not acked: it goes back to its queue.
    if (isReaderGone(error)) return exitCodes.done;
    if (!io.interrupted.aborted) throw error;
  }
  await consumer.cancel();
  return io.interrupted.aborted ? exitCodes.interrupted : exitCodes.done;
}

/** Resolves when the line has left this process. */
export function writeLine({ stdout }: Io, line: string | Uint8Array): Promise<void> {
  const bytes = typeof line === 'string' ? Buffer.from(`${line}\n`) : Buffer.concat([line, Buffer.from('\n')]);
  return new Promise((resolve, reject) => {
    stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
