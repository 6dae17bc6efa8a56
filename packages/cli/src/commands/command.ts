/** What all commands share: how one is declared, its common options, its outcome. */
import { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../terminal/io.ts';

/** Runs a command. Rejects with the error that ends it. */
export type Action<Arguments extends readonly unknown[], Options> = (
  io: Io,
  options: Options,
  ...args: Arguments
) => Promise<ExitCode>;

/** Where the program learns how a command has ended. */
export interface Outcome {
  exitCode: ExitCode | undefined;
}

/** Given to what adds a command. */
export interface Registration {
  readonly io: Io;
  readonly outcome: Outcome;
}

/** What a command is for its user. */
export interface CommandHelp {
  /** Name and arguments, such as `get <queue>`. */
  readonly usage: string;
  readonly summary: string;
  /** Command lines, with what each does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

/** A command with `--url`, `--json`, `--quiet` and the examples in its help. */
export function newCommand({ usage, summary, examples }: CommandHelp): Command {
  const [name, ...words] = usage.split(' ');
  const command = new Command(name);
  if (words.length > 0) command.arguments(words.join(' '));
  return command
    .description(summary)
    .option('-u, --url <url>', 'the broker; default: AMQP_URL, else amqp://localhost')
    .option('--json', 'print JSON, one object a line')
    .option('--quiet', 'no progress and no notes')
    .addHelpText('after', ({ command }) => {
      const columns = command.configureOutput().getOutHelpWidth?.() ?? 80;
      return `\nExamples:\n${examplesText(examples, columns)}`;
    });
}

/** The meanings beside the lines or, if there is no room for that, below them. */
function examplesText(examples: CommandHelp['examples'], columns: number): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  const beside = examples.map(([line, meaning]) => `  ${line.padEnd(width)}   ${meaning}`.trimEnd());
  if (beside.every((line) => line.length <= columns)) return beside.join('\n');
  return examples.map(([line, meaning]) => `  ${line}${meaning === '' ? '' : `\n      ${meaning}`}`).join('\n');
}

/** Makes the command run `action`. */
export function runs<Arguments extends readonly unknown[], Options>(
  command: Command,
  { io, outcome }: Registration,
  action: Action<Arguments, Options>,
): Command {
  return command.action(async (...given: unknown[]) => {
    // commander hands over the arguments, the options and the command, as they were declared.
    const args = given.slice(0, -2) as unknown as Arguments;
    outcome.exitCode = await action(io, given.at(-2) as Options, ...args);
  });
}
