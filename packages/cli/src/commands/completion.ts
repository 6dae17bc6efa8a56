/** `puka completion`: scripts that complete commands and options, made from the commands themselves. */
import { UsageError } from '@puka/client';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { write } from '../terminal/io.ts';
import { newCommand, type Registration, runs } from './command.ts';

/** A command, as far as a completion shows it. */
interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly words: readonly string[]; readonly meaning: string }[];
}

export function addCompletion(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'completion <shell>',
    summary: 'Print the completion script for bash, zsh or fish',
    examples: [
      ['source <(puka completion bash)', 'in ~/.bashrc'],
      ['puka completion zsh > ~/.zfunc/_puka', 'with ~/.zfunc in fpath'],
      ['puka completion fish > ~/.config/fish/completions/puka.fish', ''],
    ],
  });
  runs<[string], object>(command, registration, async (io, _options, shell) => {
    const make = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (make === undefined) throw new UsageError(`completion takes bash, zsh or fish, not '${shell}'`);
    await write(io.stdout, make(completedOf(program)));
    return exitCodes.done;
  });
  program.addCommand(command);
}

function completedOf(program: Command): Completed[] {
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    options: [
      ...command.options.map(({ short, long, description }) => ({
        words: [short, long].filter((word) => word !== undefined),
        meaning: description,
      })),
      { words: ['-h', '--help'], meaning: 'show help' },
    ],
  }));
}

const scripts: Readonly<Record<string, (commands: readonly Completed[]) => string>> = { bash, zsh, fish };

function bash(commands: readonly Completed[]): string {
  const cases = commands.map(({ name, options }) => {
    const words = options.flatMap((option) => option.words).join(' ');
    return `    ${name}) words='${words}' ;;`;
  });
  return `_puka() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='${commands.map(({ name }) => name).join(' ')}' ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words='${commands.map(({ name }) => name).join(' ')} --help --version'; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _puka puka
`;
}

function zsh(commands: readonly Completed[]): string {
  const quoted = (text: string): string =>
    text.replaceAll("'", "'\\''").replaceAll(':', '\\:').replace(/[[\]]/g, '\\$&');
  const names = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = commands.map(({ name, options }) => {
    const words = options.flatMap((option) => option.words.map((word) => `'${word}[${quoted(option.meaning)}]'`));
    return `    ${name}) _arguments ${words.join(' ')} '*:file:_files' ;;`;
  });
  return `#compdef puka
_puka() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _puka ]; then _puka "$@"; else compdef _puka puka; fi
`;
}

function fish(commands: readonly Completed[]): string {
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c puka -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...options.map(({ words, meaning }) => {
      const flags = words.map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`));
      return `complete -c puka -n '__fish_seen_subcommand_from ${name}' ${flags.join(' ')} -d ${quoted(meaning)}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}
