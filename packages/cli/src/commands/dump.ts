/** `puka dump`: the messages of a queue as NDJSON. They stay there, or are acked once they are on the disk. */
import { type FileHandle, open } from 'node:fs/promises';
import { type Client, type Consumer, type Message, UsageError } from '@puka/client';
import type { Command } from 'commander';
import { type CommonOptions, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { messageToLine } from '../messages/message-line.ts';
import { wholeNumber } from '../messages/message-options.ts';
import { nextMessage } from '../messages/next-message.ts';
import { confirm } from '../terminal/confirm.ts';
import type { Io } from '../terminal/io.ts';
import { write } from '../terminal/io.ts';
import { Progress } from '../terminal/progress.ts';
import { counted } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';
import { writeLine } from './consume.ts';

interface DumpOptions extends CommonOptions {
  readonly output?: string;
  readonly count?: string;
  readonly remove?: boolean;
  readonly idle: string;
  readonly yes?: boolean;
}

/** With `--remove`: written and synchronised together, then acked together. */
const batchSize = 500;
/** AMQP 0-9-1: a prefetch count has 16 bits. */
const maxPrefetch = 65_535;

export function addDump(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'dump <queue>',
    summary: 'Write the messages of a queue as NDJSON without loss; they stay in the queue',
    examples: [
      ['puka dump jobs -o jobs.ndjson', 'a copy; the messages are marked as redelivered'],
      ['puka dump jobs -o jobs.ndjson --remove', 'take them out; each is acked when it is on the disk'],
      ['puka dump jobs | gzip > jobs.gz', 'into a pipe'],
    ],
  })
    .option('-o, --output <file>', 'a new file; default: standard output')
    .option('-n, --count <number>', 'most messages; default: those that are there now')
    .option('--remove', 'take the messages out of the queue; asks first, and needs --output')
    .option('--idle <ms>', 'end when nothing has come for so long, as others take messages too', '5000')
    .option('-y, --yes', 'do not ask');
  runs<[string], DumpOptions>(command, registration, dump);
  program.addCommand(command);
}

async function dump(io: Io, options: DumpOptions, queue: string): Promise<ExitCode> {
  const { output, remove } = options;
  if (remove === true && output === undefined) {
    throw new UsageError(
      'dump --remove takes --output: a pipe does not report whether it has kept what was written to it',
    );
  }
  const idleMs = wholeNumber(options.idle, '--idle', 1, 3_600_000);
  const limit = options.count === undefined ? undefined : wholeNumber(options.count, '--count', 1, 1_000_000_000);
  return await withClient(io, options, {
    command: 'dump',
    // Messages that stay are unacked until the end: on a new connection they would come a second time.
    recover: remove === true,
    use: async (client) => {
      const { messageCount } = await client.queueDeclare({ queue, passive: true });
      const total = Math.min(messageCount, limit ?? messageCount);
      const question = `Take ${counted(total, 'message')} out of queue '${queue}'?`;
      if (remove === true && !(await confirm(io, question, options))) return exitCodes.declined;
      // An existing file is another dump: it is not overwritten.
      const file = output === undefined ? undefined : await openNew(output);
      // The row would be among the lines of the dump where those go to the same terminal.
      const isShownItself = output === undefined && io.stdout.isTTY === true;
      const progress = new Progress(io, isShownItself ? { ...options, quiet: true } : options, {
        title: 'dumped',
        total,
      });
      try {
        const isLimited = limit !== undefined;
        const dumping = new Dumping(io, { client, queue, total, isLimited, idleMs, file, remove: remove === true });
        await dumping.run((count) => progress.show(count));
        progress.stop();
        await report(io, options, dumping.written);
      } finally {
        progress.stop();
        await file?.close();
      }
      return io.interrupted.aborted ? exitCodes.interrupted : exitCodes.done;
    },
  });
}

/** Standard output is the dump itself, so that the result goes to standard error. */
async function report(io: Io, { output, json, quiet }: DumpOptions, count: number): Promise<void> {
  if (json === true)
    await write(output === undefined ? io.stderr : io.stdout, `${JSON.stringify({ dumped: count })}\n`);
  else if (io.stderr.isTTY === true && quiet !== true) await write(io.stderr, `dumped ${counted(count, 'message')}\n`);
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (cause) {
    if (Object(cause).code === 'EEXIST') throw new UsageError(`${path} is there already`, { cause });
    throw cause;
  }
}

interface DumpPlan {
  readonly client: Client;
  readonly queue: string;
  readonly total: number;
  /** Whether no more than `total` messages may be taken out. */
  readonly isLimited: boolean;
  readonly idleMs: number;
  readonly file: FileHandle | undefined;
  readonly remove: boolean;
}

class Dumping {
  readonly #io: Io;
  readonly #plan: DumpPlan;
  #batch: Message[] = [];
  /** Messages received, without redelivered ones. */
  #taken = 0;
  /** With `--remove`, after a connection was lost: how many received messages may be delivered again because their ack was lost. */
  #mayComeAgain = 0;
  /** Messages that are in the output. */
  written = 0;

  constructor(io: Io, plan: DumpPlan) {
    this.#io = io;
    this.#plan = plan;
  }

  async run(onProgress: (count: number) => void): Promise<void> {
    const { client, queue, total, isLimited, idleMs, remove } = this.#plan;
    if (total === 0) return;
    // RabbitMQ refuses basic.get on a stream. A consumer of a stream would wait for newly published messages.
    const first = await client.basicGet({ queue });
    if (first === null) return;
    this.#take(first);
    if (total === 1) {
      await this.#flush();
      return;
    }
    // Receive no more than needed: the rest would be marked as redelivered, and count towards a delivery limit.
    // Without --remove nothing is acked before the end, so that no message is delivered twice; 0 is no limit.
    const most = remove ? 2 * batchSize : maxPrefetch;
    const prefetchCount = total - 1 <= most ? total - 1 : remove ? most : 0;
    const consumer = client.basicConsume({ queue, prefetchCount });
    if (remove && !isLimited) {
      client.on('disconnected', () => (this.#mayComeAgain = Math.min(prefetchCount + 1, this.#taken)));
    }
    await consumer.ready;
    try {
      while (this.#taken < total && !this.#io.interrupted.aborted) {
        const message = await this.#next(consumer, idleMs);
        if (message === undefined) break;
        this.#take(message);
        if (this.#batch.length === batchSize) await this.#flush();
        onProgress(this.written);
      }
    } finally {
      // Cancel before the last acks, because the broker would send more after them. Closing the connection requeues unwritten messages.
      await consumer.cancel().catch(() => undefined);
      await this.#flush();
      onProgress(this.written);
    }
  }

  #take(message: Message): void {
    this.#batch.push(message);
    if (message.redelivered && this.#mayComeAgain > 0) this.#mayComeAgain--;
    else this.#taken++;
  }

  async #next(consumer: Consumer, idleMs: number): Promise<Message | undefined> {
    const { interrupted } = this.#io;
    try {
      return await nextMessage(this.#plan.client, consumer, { idleMs, signal: interrupted });
    } catch (error) {
      if (interrupted.aborted) return undefined;
      throw error;
    }
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) return;
    const { file, remove } = this.#plan;
    const text = batch.map((message) => messageToLine(message, 'exact')).join('\n');
    if (file === undefined) await writeLine(this.#io, text);
    else {
      await file.appendFile(`${text}\n`);
      if (remove) await file.datasync();
    }
    this.written += batch.length;
    if (remove) for (const message of batch) message.ack();
  }
}
