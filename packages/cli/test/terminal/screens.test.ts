/**
 * What each command shows in a real terminal, wide and narrow, and in a pipe. What it is to show is in golden/, one file a
 * command; `vitest -u` writes them again.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { runCommand } from '@puka/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCli } from '../kills/killed-runs.ts';
import { masked, maskedFigures } from './masks.ts';
import { type Command, commands } from './scenario.ts';
import { ensureTmux, runInTerminal } from './terminal.ts';

interface Mode {
  readonly title: string;
  /** `undefined`: no terminal. */
  readonly columns: number | undefined;
}

const modes: readonly Mode[] = [
  { title: '100 columns', columns: 100 },
  { title: '60 columns', columns: 60 },
  { title: 'in a pipe', columns: undefined },
];

let program: Awaited<ReturnType<typeof bundleCli>>;
let hasTmux = false;
/** What was shown, by mode and by command. */
const shown = new Map<Mode, ReadonlyMap<string, string>>();

beforeAll(async () => {
  // In CI a terminal that is missing is a failure.
  hasTmux = await ensureTmux().then(
    () => true,
    (error: Error) => {
      if (process.env.CI) throw error;
      console.warn(`skipped: ${error.message}`);
      return false;
    },
  );
  if (!hasTmux) return;
  program = await bundleCli();
  const screens = await Promise.all(modes.map(runAll));
  for (const [index, mode] of modes.entries()) shown.set(mode, screens[index] ?? new Map());
});

afterAll(() => {
  if (hasTmux) rmSync(program.folder, { recursive: true });
});

/** Runs all commands in their order, on a broker of their own. */
async function runAll(mode: Mode): Promise<ReadonlyMap<string, string>> {
  const broker = await startBroker();
  const folder = mkdtempSync(join(tmpdir(), 'puka-screens-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'puka'), `#!/bin/sh\nexec '${process.execPath}' '${program.program}' "$@"\n`);
  chmodSync(join(bin, 'puka'), 0o755);
  const screens = new Map<string, string>();
  try {
    for (const command of commands) screens.set(command.name, await runOne(mode, command, broker, folder));
  } finally {
    await broker.stop();
    rmSync(folder, { recursive: true });
  }
  return screens;
}

async function runOne(mode: Mode, command: Command, broker: EmbeddedBroker, folder: string): Promise<string> {
  const env = {
    ...{ PATH: process.env.PATH ?? '', HOME: folder, LC_ALL: 'C.UTF-8' },
    AMQP_URL: broker.url,
  };
  const lines = [`puka ${command.name} --help`, ...command.lines];
  // tmux ignores a PATH given for a session, and uses that of its own process.
  const begin = `cd '${folder}'; export PATH='${join(folder, 'bin')}':"$PATH"`;
  const script = [begin, ...lines.flatMap((line) => [`printf '%s\\n' ${quoted(`$ ${line}`)}`, line])].join('\n');
  const mask = command.isMeasuring === true ? maskedFigures : masked;
  if (mode.columns === undefined) {
    // The keys that are pressed in a terminal come as lines of standard input.
    const input = command.keystrokes?.map(({ press }) => press).join('');
    return mask(
      await runCommand('sh', ['-c', `(${script}) 2>&1 | cat`], { env, ...(input !== undefined && { input }) }),
    );
  }
  const { keystrokes = [] } = command;
  const screen = await runInTerminal({ line: script, columns: mode.columns, env, keystrokes });
  return mask(screen.end);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

test.each(commands.map(({ name }) => name))('puka %s shows what is kept', async (name) => {
  if (!hasTmux) return;
  const parts = modes.map((mode) => `==== ${mode.title} ====\n\n${shown.get(mode)?.get(name)?.trimEnd()}\n`);
  await expect(parts.join('\n')).toMatchFileSnapshot(`golden/${name}.txt`);
});

test.each(commands.map(({ name }) => name))('puka %s uses no colour, so that there is nothing to turn off', (name) => {
  if (!hasTmux) return;
  for (const screens of shown.values()) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for.
    expect(screens.get(name)).not.toMatch(/\u001b\[[\d;]*m/);
  }
});
