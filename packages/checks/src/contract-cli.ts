// Runs the transport contract suite on a runtime: `contract-cli.ts deno`. Exit code 1 when a test fails or none ran.
// On Node, Deno and Bun that is its sockets, and on Deno and Bun its WebSockets; in workerd those of Cloudflare and WebSockets.
// The sources, that is; the packed packages are for conformance-cli.ts. It must not hold tests. Needs a build.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { bundleTests, type Runtime } from './portable/bundle.ts';
import { runProgram } from './portable/runtimes.ts';
import { startWorkerd } from './portable/workerd.ts';

const packages = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const suites = {
  sockets: join(packages, 'transport/test/contract.test.ts'),
  websocket: join(packages, 'transport/test/remote/websocket.ts'),
  cloudflare: join(packages, 'transport/test/remote/cloudflare.ts'),
};
const suitesOf = {
  // Node has a WebSocket from 22 on, and vitest runs its suite.
  node: ['sockets'],
  deno: ['sockets', 'websocket'],
  bun: ['sockets', 'websocket'],
  workerd: ['cloudflare', 'websocket'],
} as const;

/** The servers for runtimes that cannot have them, or need those of another runtime. */
interface Host {
  readonly url: string;
  readonly ca: string;
}

function isKnown(name: unknown): name is Runtime | 'workerd' {
  return typeof name === 'string' && Object.hasOwn(suitesOf, name);
}

async function hostOf(child: ChildProcess): Promise<Host> {
  if (child.stdout === null) throw new Error('the host of the contract has no output');
  const [line] = await once(createInterface(child.stdout), 'line');
  return JSON.parse(String(line));
}

/** @returns the exit code. */
async function runWorker(program: string, { url, ca }: Host): Promise<number> {
  const bindings = { PUKA_CONTRACT_HOST: url, PUKA_TEST_FILTER: process.env.PUKA_TEST_FILTER ?? '' };
  const workerd = await startWorkerd({ program: readFileSync(program, 'utf8'), bindings, trusted: ca });
  let last = '';
  try {
    const { body } = await fetch(workerd.url);
    if (body === null) throw new Error('the worker has answered nothing');
    for await (const line of createInterface(Readable.fromWeb(body))) {
      console.log(line);
      last = line;
    }
  } catch (error) {
    console.log(error);
  } finally {
    await workerd.stop();
  }
  const isPassed = /^[1-9]\d* passed, 0 failed$/.test(last);
  if (!isPassed) console.log(workerd.output());
  return isPassed ? 0 : 1;
}

const [, , runtime] = process.argv;
if (!isKnown(runtime)) throw new Error(`usage: contract-cli.ts ${Object.keys(suitesOf).join('|')}`);
const scratch = mkdtempSync(join(tmpdir(), 'puka-contract-'));
// With the loader that runs this.
const child = spawn(process.execPath, [...process.execArgv, join(packages, 'cli/test/relay/contract-host.ts')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
try {
  const host = await hostOf(child);
  for (const suite of suitesOf[runtime]) {
    const program = join(scratch, `${suite}.mjs`);
    await bundleTests({ files: [suites[suite]], runtime, outfile: program });
    console.log(`${suite}:`);
    const code = await (runtime === 'workerd'
      ? runWorker(program, host)
      : runProgram(runtime, program, { PUKA_CONTRACT_HOST: host.url }));
    if (code !== 0) process.exitCode = code;
  }
} finally {
  child.stdin?.end();
  rmSync(scratch, { recursive: true, force: true });
}
