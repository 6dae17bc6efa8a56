/**
 * TLS and logins against a real RabbitMQ: one table of cases, run by one program on Node, Deno and Bun.
 * With PUKA_LOGIN_TABLE, a path, the table of what each runtime reported is written there.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { formsOf, waitFor } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleProgram } from '../../src/portable/bundle-program.ts';
import { commandOf } from '../../src/portable/runtimes.ts';
import { loginCases, noIpv6 } from './logins/cases.ts';
import { type LoginScene, loginScene } from './logins/scene.ts';

const run = promisify(execFile);
const runtimes = ['node', 'deno', 'bun'] as const;
type Runtime = (typeof runtimes)[number];

interface Result {
  readonly name: string;
  readonly outcome: string;
  readonly text: string;
}

interface Shown {
  readonly what: string;
  readonly way: string;
  readonly text: string;
}

/** How a runtime prints values, besides `util.inspect`. */
const ownWays = { node: [], deno: ['Deno.inspect'], bun: ['Bun.inspect'] } as const;
const results = new Map<Runtime, readonly Result[]>();
const folder = mkdtempSync(join(tmpdir(), 'puka-login-table-'));
let scene: LoginScene;

/** @returns what the program of that name prints. */
async function output(program: string, runtime: Runtime): Promise<string> {
  const outfile = join(folder, `${program}-${runtime}.mjs`);
  await bundleProgram({ entry: fileURLToPath(new URL(`logins/${program}.ts`, import.meta.url)), runtime, outfile });
  const [command, ...options] = commandOf(runtime);
  const env = { ...process.env, PUKA_PLACES: JSON.stringify(scene.places(runtime)), NO_COLOR: '1' };
  return (await run(command, [...options, outfile], { env, maxBuffer: 256 * 1024 * 1024 })).stdout;
}

beforeAll(async () => {
  scene = await loginScene();
  for (const runtime of runtimes) results.set(runtime, JSON.parse(await output('program', runtime)));
  const { PUKA_LOGIN_TABLE: path } = process.env;
  if (path !== undefined) writeFileSync(path, table());
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await scene?.stop();
});

/** Ports differ from run to run: they are shown as `PORT`. */
function table(): string {
  const lines = loginCases.flatMap(({ name }) =>
    runtimes.map((runtime) => {
      const result = results.get(runtime)?.find((one) => one.name === name);
      const text = (result?.text ?? '').replace(/(?<=127\.0\.0\.1:|localhost:|\]:)\d+/g, 'PORT').replaceAll('|', '\\|');
      return `| ${name} | ${runtime} | ${result?.outcome} | ${text} |`;
    }),
  );
  return ['| case | runtime | error class | text |', '| --- | --- | --- | --- |', ...lines, ''].join('\n');
}

describe.each(runtimes)('on %s', (runtime) => {
  // By name and row: names are cut short where they are taken out of an object.
  it.for(loginCases.map((row) => [row.name, row] as const))('%s', ([name, { expected, onDeno }], { skip }) => {
    const { outcome, words = '' } = runtime === 'deno' ? (onDeno ?? expected) : expected;
    const result = results.get(runtime)?.find((one) => one.name === name);
    skip(result?.text === noIpv6, noIpv6);
    expect(`${result?.outcome}: ${result?.text}`).toContain(words);
    expect(result?.outcome).toBe(outcome);
  });

  it('RabbitMQ has taken the certificate for the login, and knows the connection by its name', async () => {
    for (const name of ['EXTERNAL, client certificate', 'EXTERNAL, files and mechanism in the URL']) {
      const line = `${runtime}: ${name}): user 'client' authenticated`;
      await waitFor(async () => (await scene.broker.log()).includes(line));
    }
  });

  it('RabbitMQ has taken the new secret', async () => {
    await waitFor(async () => (await scene.broker.log()).includes(`user 'first-${runtime}' updated secret`));
  });

  it('no secret is in anything handed out, however it is looked at', { timeout: 120_000 }, async () => {
    const lines = (await output('secrets-program', runtime)).trimEnd().split('\n');
    const forms = formsOf(scene.places(runtime).secret);
    const leaks = new Set<string>();
    for (const line of lines) {
      const { what, way, text }: Shown = JSON.parse(line);
      if (forms.some((form) => form.test(text))) leaks.add(`${what}, by ${way}`);
    }
    // What is shown for control has it: as an object in the ways that look into objects, as an error in all that show causes.
    const ways = ['util.inspect', 'util.inspect of what is behind', ...ownWays[runtime]];
    const control = [...ways, 'JSON'].map((way) => `control, by ${way}`);
    const controlOfErrors = [...ways, 'text'].map((way) => `control of errors, by ${way}`);
    expect([...leaks].sort()).toEqual([...control, ...controlOfErrors].sort());
    expect(lines.some((line) => line.includes('New secret was refused'))).toBe(true);
  });
});
