// Takes a fresh checkout to a running program (`start`), through every check (`test`), through the conformance suite on
// every runtime (`conformance`), to the site (`site`), or through a rehearsal of a release (`rehearsal`). Plain Node, no
// dependencies, because it runs before anything is installed. It must not hold checks of its own: each step is a command
// that can be run by hand as well.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const pnpm = ['npx', '--yes', 'pnpm@12.21.0'];
// The age of a version is looked at when it gets into the lockfile; to ask a registry again for all of them takes a minute.
const installCommand = [...pnpm, 'install', '--frozen-lockfile', '--config.minimum-release-age=0'];
const withoutNodeVersions = '--filter=!@puka/node-versions';
const withoutSite = '--filter=!@puka/site';
const withoutRegistry = '--filter=!@puka/registry';
// turbo looks for pnpm on PATH; npx puts it there.
const buildCommand = [...pnpm, 'exec', 'turbo', 'run', 'build'];
const resultsFile = process.env.PUKA_TEST_RESULTS || join(root, 'node_modules', '.cache', 'puka', 'vitest.json');

const env = {
  ...process.env,
  CI: process.env.CI || 'true',
  TURBO_TELEMETRY_DISABLED: '1',
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].filter(Boolean).join(delimiter),
};
// npm and pnpm keep their caches in HOME; an empty value would make them write beside the sources.
if (process.env.HOME === '') env.HOME = mkdtempSync(join(tmpdir(), 'puka-home-'));

/** Ends a step with a reason already shown to the reader. */
class StepFailed extends Error {}

/**
 * Runs one command from the root. `show` passes its output on as it comes; otherwise the output is kept and printed
 * only when the command fails, or at its end where `showAtEnd` is set. `isWatched` says once a second what it is doing.
 * Progress lines go to standard error, so that a started program owns standard output.
 */
function step(title, command, { show = false, showAtEnd = false, isWatched = false } = {}) {
  const began = process.hrtime.bigint();
  const seconds = (digits = 1) => (Number(process.hrtime.bigint() - began) / 1e9).toFixed(digits);
  return new Promise((done, fail) => {
    const kept = [];
    const output = show ? 'inherit' : 'pipe';
    const child = spawn(command[0], command.slice(1), { cwd: root, env, stdio: ['ignore', output, output] });
    child.stdout?.on('data', (bytes) => kept.push(bytes));
    child.stderr?.on('data', (bytes) => kept.push(bytes));
    const watch = isWatched ? startWatch(() => `${title}  ${seconds(0)} s  ${lastLine(kept)}`) : undefined;
    const failed = (reason) => {
      watch?.end();
      process.stderr.write(Buffer.concat(kept));
      process.stderr.write(`FAIL  ${title}  ${seconds()} s (${reason}: ${command.join(' ')})\n`);
      fail(new StepFailed(title));
    };
    child.on('error', (error) => failed(error.message));
    child.on('close', (code, signal) => {
      if (code !== 0) return failed(signal ?? `exit code ${code}`);
      watch?.end();
      if (showAtEnd) process.stderr.write(Buffer.concat(kept));
      process.stderr.write(`ok    ${title}  ${seconds()} s\n`);
      done();
    });
  });
}

/** Writes a line now and every second: over itself in a terminal, one below the other elsewhere. */
function startWatch(lineOf) {
  const { isTTY, columns = 80 } = process.stderr;
  const write = () => {
    const line = `...   ${lineOf()}`.trimEnd();
    process.stderr.write(isTTY ? `\r\u001b[K${line.slice(0, columns - 1)}` : `${line}\n`);
  };
  write();
  const timer = setInterval(write, 1000);
  return {
    end() {
      clearInterval(timer);
      if (isTTY) process.stderr.write('\r\u001b[K');
    },
  };
}

/** The last line of an output that says something, without colours. */
function lastLine(chunks) {
  const lines = Buffer.concat(chunks)
    .toString()
    .split(/[\r\n]+/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is taken out.
  return (lines.findLast((line) => line.trim() !== '') ?? '').replace(/\u001b\[[\d;]*[A-Za-z]/g, '').trim();
}

const pnpmMarker = join(root, 'node_modules', '.modules.yaml');
/** Exists while only what `start` needs is installed. */
const partialMarker = join(root, 'node_modules', '.puka-start-only');

/** Whether an install is there that is newer than the lockfile. */
function isInstalled() {
  const lock = join(root, 'pnpm-lock.yaml');
  return existsSync(pnpmMarker) && statSync(pnpmMarker).mtimeMs >= statSync(lock).mtimeMs;
}

/** An install that had nothing to do leaves the marker's time alone. */
function touchMarker() {
  if (existsSync(pnpmMarker)) utimesSync(pnpmMarker, new Date(), new Date());
}

/** All but two hundred megabytes of Node, which the conformance suite wants, and what only the site or the rehearsal does. */
async function install() {
  if (isInstalled() && !existsSync(partialMarker)) return;
  await step('install', [...installCommand, withoutNodeVersions, withoutSite, withoutRegistry], { isWatched: true });
  rmSync(partialMarker, { force: true });
  touchMarker();
}

/** The dependencies of `apps/hello` and of the packages that it uses; none that only their tests need. */
async function installForStart() {
  if (isInstalled()) return;
  await step('install', [...installCommand, '--prod', '--filter=@puka/app-hello...'], { isWatched: true });
  writeFileSync(partialMarker, '');
  touchMarker();
}

async function start(words) {
  await installForStart();
  const app = join(root, 'apps', 'hello');
  await step('build', [process.execPath, join(app, 'build.mjs')], { isWatched: true });
  const child = spawn(process.execPath, ['--enable-source-maps', join(app, 'dist', 'index.js'), ...words], {
    env: { ...process.env, INIT_CWD: process.env.INIT_CWD || process.cwd() },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done(signal ? 128 + constants.signals[signal] : (code ?? 1)));
  });
}

async function test() {
  rmSync(resultsFile, { force: true });
  await install();
  mkdirSync(dirname(resultsFile), { recursive: true });
  // Without a build the rest would only mislead.
  await step('build', buildCommand);
  const check = (script) => [...pnpm, '--filter', '@puka/checks', 'run', script];
  const sources = [
    ['format and lint', ['biome', 'ci', '--colors=off', '.']],
    ['floating promises', ['oxlint', '--type-aware']],
    ['types', ['tsc', '-p', 'tsconfig.json']],
    ['generated code', [...pnpm, '--filter', '@puka/wire', 'gen', '--check']],
    ['boundaries', check('boundaries')],
    ['release files', check('release')],
    ['examples in the docs', check('docs')],
  ];
  const tests = [
    ...['vitest', 'run', '--project', 'unit', '--project', 'broker', '--project', 'mocking', '--project', 'embedded'],
    ...['--project', 'programs'],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${resultsFile}`],
  ];
  // They read the build, and each works in a temporary folder of its own. The longest is first.
  const packages = [
    ['installs and bundles', check('installs'), { showAtEnd: true }],
    ['packed packages', check('packed')],
    ['sizes', check('sizes'), { showAtEnd: true }],
    ['transport contract on Deno', check('contract:deno')],
    ['transport contract on Bun', check('contract:bun')],
    ['transport contract in workerd', check('contract:workerd')],
  ];
  const failures = [
    ...(await runSteps(sources, availableParallelism())),
    ...(await runSteps([['tests', tests, { show: true }]], 1)),
    ...(await runSteps(packages, availableParallelism())),
  ];
  if (failures.length > 0) process.stderr.write(`failed: ${failures.join(', ')}\n`);
  return failures.length === 0 ? 0 : 1;
}

/**
 * Runs every step, whichever fails, so that one look shows everything that is wrong.
 *
 * @param atOnce how many steps run at the same time; they start in their order.
 * @returns the titles of those that failed.
 */
async function runSteps(steps, atOnce) {
  const waiting = [...steps];
  const failures = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await step(...next);
      } catch (error) {
        if (!(error instanceof StepFailed)) throw error;
        failures.push(next[0]);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return failures;
}

async function conformance(names) {
  await step('install, with the versions of Node', [...installCommand, withoutSite, withoutRegistry]);
  rmSync(partialMarker, { force: true });
  await step('build', buildCommand);
  const command = [...pnpm, '--silent', '--filter', '@puka/checks', 'run', 'conformance', ...names];
  await step('conformance suite', command, { show: true });
  return 0;
}

async function site() {
  await step('install, with what the site is made with', [...installCommand, withoutNodeVersions, withoutRegistry], {
    isWatched: true,
  });
  rmSync(partialMarker, { force: true });
  await step('site', [...pnpm, '--silent', '--filter', '@puka/site', 'run', 'site'], { show: true });
  return 0;
}

async function rehearsal() {
  const command = [...installCommand, withoutNodeVersions, withoutSite];
  await step('install, with a registry', command, { isWatched: true });
  rmSync(partialMarker, { force: true });
  const rehearse = [...pnpm, '--silent', '--filter', '@puka/checks', 'run', 'rehearsal'];
  await step('release rehearsal', rehearse, { show: true });
  return 0;
}

const [command, ...rest] = process.argv.slice(2);
const commands = { start: () => start(rest), test, conformance: () => conformance(rest), site, rehearsal };
if (command === undefined || !Object.hasOwn(commands, command)) {
  process.stderr.write(
    'usage: node .ci/bootstrap.mjs start [--rabbitmq] [FILE] | test | conformance [RUNTIME]... | site | rehearsal\n',
  );
  process.exit(2);
}
try {
  process.exitCode = await commands[command]();
} catch (error) {
  if (!(error instanceof StepFailed)) process.stderr.write(`${error?.stack ?? error}\n`);
  process.exitCode = 1;
} finally {
  if (process.env.HOME === '') rmSync(env.HOME, { recursive: true, force: true });
}
