/**
 * Puts faults into the rules of recovery, one at a time and in memory alone, and prints whether the tests find them: first
 * the campaign with few programs, then the unit tests. One that is not found shows a hole in the tests.
 * `tsx --conditions=puka:source scripts/recovery-mutants.ts [pattern of the faults] [programs] [first seed]`
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { misplacedTexts } from './recovery-mutants/misplaced-texts.ts';
import { mutants } from './recovery-mutants/mutants.ts';

const [only = '', programs = '80', seed = '1'] = process.argv.slice(2);
/** A fault that makes the tests run for ever is found too. */
const limitMs = 300_000;
const folder = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const config = join(folder, 'scripts', 'recovery-mutants', 'vitest.config.ts');
const campaign = ['test/recovery/simulation.test.ts'];
const others = ['recovery', 'consuming', 'publishing', 'topology', 'connection', 'connecting', 'operations'].map(
  (name) => `test/${name}/`,
);

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** @returns what has failed; `undefined` where nothing has. */
async function failureOf(mutant: number, files: readonly string[], output: string): Promise<string | undefined> {
  const report = join(output, `${mutant}.json`);
  await rm(report, { force: true });
  const reporter = ['--reporter', 'json', '--outputFile', report];
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, '--bail', '1', ...reporter, ...files], {
    cwd: folder,
    env: { ...process.env, PUKA_MUTANT: `${mutant}`, PUKA_PROGRAMS: programs, PUKA_SEED: seed, PUKA_SHORTEN: '0' },
    stdio: 'ignore',
    detached: true,
  });
  const { pid } = child;
  const timer = setTimeout(() => pid !== undefined && process.kill(-pid, 'SIGKILL'), limitMs);
  const status = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  if (status === 0) return undefined;
  const text = await readFile(report, 'utf8').catch(() => '');
  if (text === '') return `no end within ${limitMs / 1000} s`;
  const { testResults }: Report = JSON.parse(text);
  for (const { name, message = '', assertionResults } of testResults) {
    for (const { status: how, fullName, failureMessages } of assertionResults) {
      if (how === 'failed')
        return files === campaign ? `campaign: ${oracleText(failureMessages)}` : `${shortName(name)}: ${fullName}`;
    }
    if (message !== '') return `${shortName(name)}: ${message.slice(0, 100)}`;
  }
  return `status ${status}`;
}

/** Where it lies in the tests. */
function shortName(file: string): string {
  return file.slice(file.lastIndexOf('/test/') + 6);
}

/** The first complaint of the campaign's oracle. */
function oracleText(messages: readonly string[]): string {
  const [first = ''] = messages
    .join('\n')
    .replace(/^AssertionError: /, '')
    .split('\n');
  return first.replace(/: expected .*/, '').slice(0, 160);
}

const misplaced = await misplacedTexts();
if (misplaced.length > 0) throw new Error(misplaced.join('\n'));
const output = await mkdtemp(join(tmpdir(), 'recovery-mutants-'));
const rows: string[] = [];
let missed = 0;
const sound = await failureOf(-1, campaign, output);
if (sound !== undefined) throw new Error(`the tests fail without a fault: ${sound}`);
for (const [index, { fault }] of mutants.entries()) {
  if (!new RegExp(only).test(fault)) continue;
  const found = (await failureOf(index, campaign, output)) ?? (await failureOf(index, others, output));
  if (found === undefined) missed++;
  rows.push(`| ${fault} | ${found ?? 'NOT FOUND'} |`);
  console.log(rows.at(-1));
}
await rm(output, { recursive: true });
console.log(`${rows.length} faults, ${rows.length - missed} found`);
if (missed > 0) process.exitCode = 1;
