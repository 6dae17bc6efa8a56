/**
 * Kills `puka move` and `puka restore` with SIGKILL at points of chance, runs them again, and counts what is there in the end.
 * The program runs in a process of its own, as users run it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@puka/client';
import { build } from 'esbuild';

const cli = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
/** Under way at a time: no kill may make more doubles. */
const window = 8;

export interface KillPlan {
  readonly url: string;
  readonly kills: number;
  readonly messages: number;
  /** 0 to 1, as `Math.random()`. */
  readonly random: () => number;
}

/** What was found in the end. */
export interface KillResult {
  readonly killed: number;
  /** Messages of which there is none. */
  readonly lost: number;
  /** Messages beyond one of each. */
  readonly doubles: number;
  /** Doubles that are possible. */
  readonly maxDoubles: number;
}

/** The program as one file, so that it starts fast. @returns its path; its folder is the caller's to remove. */
export async function bundleCli(): Promise<{ readonly folder: string; readonly program: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'puka-kills-'));
  const program = join(folder, 'dist', 'index.mjs');
  await cp(join(cli, 'package.json'), join(folder, 'package.json'));
  await build({
    ...{ entryPoints: [join(cli, 'src/index.ts')], outfile: program, bundle: true, platform: 'node', format: 'esm' },
    ...{ conditions: ['puka:source', 'node', 'import'], logLevel: 'error', target: 'node20' },
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  });
  return { folder, program };
}

/** Moves from queue to queue, killed so many times. */
export async function killMoves(plan: KillPlan): Promise<KillResult> {
  return await withScene(plan, async ({ client, program, from, to }) => {
    for (let n = 0; n < plan.messages; n++) void client.basicPublish({ routingKey: from, messageId: `${n}` });
    await client.basicPublish({ routingKey: from, messageId: `${plan.messages}` });
    return [program, 'move', from, to, '--yes', '--window', String(window)];
  });
}

/** Restores a dump with a state, killed so many times. */
export async function killRestores(plan: KillPlan): Promise<KillResult> {
  return await withScene(plan, async ({ program, to, folder }) => {
    const file = join(folder, 'dump.ndjson');
    const lines = Array.from({ length: plan.messages + 1 }, (_, n) => JSON.stringify({ queue: to, messageId: `${n}` }));
    await writeFile(file, `${lines.join('\n')}\n`);
    return [program, 'restore', file, '--state', join(folder, 'state'), '--window', String(window)];
  });
}

interface Scene {
  readonly client: Client;
  readonly program: string;
  readonly folder: string;
  readonly from: string;
  readonly to: string;
}

async function withScene(plan: KillPlan, prepare: (scene: Scene) => Promise<string[]>): Promise<KillResult> {
  const client = new Client(plan.url);
  await client.connect();
  const { folder, program } = await bundleCli();
  const name = `puka-kills-${process.pid}-${Math.trunc(plan.random() * 1e9)}`;
  const [from, to] = [`${name}-from`, `${name}-to`];
  try {
    for (const queue of [from, to]) await client.queueDeclare({ queue, durable: true });
    const words = await prepare({ client, program, folder, from, to });
    let killed = 0;
    for (let kill = 1; kill <= plan.kills; kill++) {
      const goal = ((kill - plan.random()) * plan.messages) / (plan.kills + 1);
      if (await runUntil(words, plan.url, async () => (await countOf(client, to)) >= goal)) killed++;
    }
    // What a killed process had unacked is in the queue again when the broker has seen its connection end.
    for (let runs = 0; runs < 10; runs++) {
      await runUntil(words, plan.url, () => Promise.resolve(false));
      if ((await countOf(client, from)) === 0 && (await countOf(client, to)) > plan.messages) break;
    }
    const ids: (string | undefined)[] = [];
    for (const queue of [from, to]) {
      for (
        let m = await client.basicGet({ queue, noAck: true });
        m !== null;
        m = await client.basicGet({ queue, noAck: true })
      ) {
        ids.push(m.messageId);
      }
    }
    const { size } = new Set(ids);
    const total = plan.messages + 1;
    return { killed, lost: total - size, doubles: ids.length - size, maxDoubles: killed * window };
  } finally {
    for (const queue of [from, to]) await client.queueDelete({ queue });
    await client.close();
    await rm(folder, { recursive: true });
  }
}

async function countOf(client: Client, queue: string): Promise<number> {
  return (await client.queueDeclare({ queue, passive: true })).messageCount;
}

/** Runs the program, and kills it when `isTime`. @returns whether it was killed before its end. */
async function runUntil(words: readonly string[], url: string, isTime: () => Promise<boolean>): Promise<boolean> {
  const child: ChildProcess = spawn(process.execPath, [...words, '--quiet'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, AMQP_URL: url },
  });
  let hasEnded = false;
  const ended = once(child, 'exit').then(([code, signal]) => {
    hasEnded = true;
    if (signal === null && code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`);
    return signal === 'SIGKILL';
  });
  ended.catch(() => undefined);
  while (!hasEnded) {
    if (await isTime()) {
      child.kill('SIGKILL');
      break;
    }
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2))]);
  }
  return await ended;
}
