/**
 * TLS and logins against a real RabbitMQ: one table of cases, run by one program on Node, Deno and Bun.
 * With PUKA_LOGIN_TABLE, a path, the table of what each runtime said is written there.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitFor } from '@puka/testkit';
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

const results = new Map<Runtime, readonly Result[]>();
let scene: LoginScene;

async function tryAll(runtime: Runtime, folder: string): Promise<readonly Result[]> {
  const outfile = join(folder, `${runtime}.mjs`);
  await bundleProgram({ entry: fileURLToPath(new URL('logins/program.ts', import.meta.url)), runtime, outfile });
  const [command, ...options] = commandOf(runtime);
  const env = { ...process.env, PUKA_PLACES: JSON.stringify(scene.places(runtime)), NO_COLOR: '1' };
  const { stdout } = await run(command, [...options, outfile], { env, maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout);
}

beforeAll(async () => {
  scene = await loginScene();
  const folder = mkdtempSync(join(tmpdir(), 'puka-login-table-'));
  try {
    for (const runtime of runtimes) results.set(runtime, await tryAll(runtime, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const { PUKA_LOGIN_TABLE: path } = process.env;
  if (path !== undefined) writeFileSync(path, table());
});
afterAll(() => scene?.stop());

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
      expect(await scene.broker.log()).toContain(`${runtime}: ${name}): user 'client' authenticated`);
    }
  });

  it('RabbitMQ has taken the new secret', async () => {
    await waitFor(async () => (await scene.broker.log()).includes(`user 'first-${runtime}' updated secret`));
  });
});
