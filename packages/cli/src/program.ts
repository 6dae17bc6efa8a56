/** The command `puka` as a function: arguments and streams in, an exit code out. */
import { createRequire } from 'node:module';
import { isPukaError } from '@puka/client';
import { Command, CommanderError } from 'commander';
import { addBench } from './commands/bench.ts';
import { addBroker } from './commands/broker.ts';
import type { Outcome, Registration } from './commands/command.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsume, addTail } from './commands/consume.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDump } from './commands/dump.ts';
import { addEntities } from './commands/entities.ts';
import { addGet } from './commands/get.ts';
import { addMove } from './commands/move.ts';
import { addProxy } from './commands/proxy.ts';
import { addPublish } from './commands/publish.ts';
import { addRelay } from './commands/relay.ts';
import { addRestore } from './commands/restore.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts';
import { optionText } from './terminal/help.ts';
import { Interrupted, type Io, write } from './terminal/io.ts';

const additions: readonly ((program: Command, registration: Registration) => void)[] = [
  ...[addPublish, addConsume, addGet, addTail, addEntities],
  ...[addMove, addDump, addRestore, addBench, addBroker, addProxy, addRelay, addDoctor, addCompletion],
];

/** Runs one command line. It never rejects: what goes wrong is a text on standard error and an exit code. */
export async function runCli(words: readonly string[], io: Io): Promise<ExitCode> {
  const outcome: Outcome = { exitCode: undefined };
  const program = programFor({ io, outcome });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return outcome.exitCode ?? exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (io.interrupted.aborted || error instanceof Interrupted) return exitCodes.interrupted;
    await printError(io, error, words.includes('--json'));
    return exitCodeOf(error);
  }
}

function programFor(registration: Registration): Command {
  const { io } = registration;
  const program = new Command('puka')
    .description('RabbitMQ from the terminal')
    .version(versionOf())
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nThe broker: --url, else AMQP_URL, else amqp://localhost.\nCompletion: puka completion bash|zsh|fish.',
    );
  for (const add of additions) add(program, registration);
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureHelp({ optionDescription: optionText, minWidthToWrap: 12 })
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        writeErr: (text) => void io.stderr.write(text),
        getOutHelpWidth: () => io.stdout.columns ?? 80,
        getErrHelpWidth: () => io.stderr.columns ?? 80,
      });
  }
  return program;
}

function versionOf(): string {
  const manifest: { readonly version: string } = createRequire(import.meta.url)('../package.json');
  return manifest.version;
}

async function printError(io: Io, error: unknown, isJson: boolean): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const shown = isPukaError(error) ? error : { message };
  const text = isJson ? JSON.stringify({ error: shown }) : `puka: ${message}`;
  await write(io.stderr, `${text}\n`).catch(() => undefined);
}
