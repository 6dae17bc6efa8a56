/**
 * Works jobs off with workers that are killed, over lines that are cut, at a broker that is restarted; then counts what became of
 * each job. Must not decide what is good: `campaign-cli.ts` and the test do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, NotFound } from '@puka/client';
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import type { CampaignPlan, CampaignResult } from './campaign-plan.ts';
import { keyOf, Tally } from './tally.ts';

/** When so much is over nothing is broken any more, so that there is an end. */
const calmShare = 0.9;
const roundMs = 100;
/** A minute without anything. */
const idleRounds = 600;

/** Runs on the sources in a test, and on what was built otherwise: the file beside this one. */
const program = fileURLToPath(
  new URL(`./crashing-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);
const loader = program.endsWith('.ts') ? ['--import', 'tsx', '--conditions', 'puka:source'] : [];

/** Runs the campaign and counts what became of each job. */
export async function runCampaign(plan: CampaignPlan): Promise<CampaignResult> {
  const { url, jobs, begunBetween, restart, onProgress } = plan;
  const queue = uniqueName('campaign');
  const target = new URL(url);
  const proxy = await faultProxy({ target: { host: target.hostname, port: Number(target.port || 5672) } });
  const tally = new Tally(plan);
  const workers = new Set<ChildProcess>();
  const start = (): void => {
    workers.add(startWorkerProcess(proxy.urlFor(url), queue, plan, tally));
  };
  let kills = 0;
  let cuts = 0;
  let restarts = 0;
  // Beside the proxy: it sees the restarts alone.
  const client = new Client(url, { recover: { minDelay: 50, maxDelay: 500 } });
  try {
    await client.connect();
    await publishJobs(client, queue, plan);
    for (let started = 0; started < plan.workers; started++) start();
    const isCalm = async (): Promise<boolean> =>
      tally.doneCount + (await countOf(client, `${queue}.dead`)) >= jobs * calmShare;
    for (let fault = 0; !(await isCalm()); fault++) {
      const next = tally.begun + begunBetween;
      await waitFor(async () => tally.begun >= next || (await isCalm()), { intervalMs: 20, timeoutMs: 120_000 });
      if (restart !== undefined && fault % 10 === 9) {
        await restart();
        restarts++;
      } else if (fault % 2 === 0) {
        proxy.reset();
        cuts++;
      } else {
        const [victim] = workers;
        if (victim !== undefined) await kill(victim);
        if (victim !== undefined) workers.delete(victim);
        start();
        kills++;
      }
      onProgress?.(`${tally.doneCount} of ${jobs} done, ${kills} kills, ${cuts} cuts, ${restarts} restarts`);
    }
    await untilOver(client, queue, tally, jobs);
    return { ...tally.result(), kills, cuts, restarts };
  } finally {
    await Promise.all([...workers].map(kill));
    await proxy.stop();
    const names = ['', '.dead', '.retry.20', '.retry.50', '.retry.100'].map((end) => queue + end);
    await Promise.all(names.map((name) => client.queueDelete({ queue: name })));
    await client.close();
  }
}

async function publishJobs(client: Client, queue: string, plan: CampaignPlan): Promise<void> {
  const { jobs, queueType, singleActive = false } = plan;
  const table = { 'x-queue-type': queueType, ...(singleActive ? { 'x-single-active-consumer': true } : {}) };
  await client.queueDeclare({ queue, durable: true, arguments: table });
  const all = Array.from({ length: jobs }, (_, job) =>
    client.basicPublish({ routingKey: queue, body: `${job}`, deliveryMode: 2, headers: { key: keyOf(job, plan) } }),
  );
  await Promise.all(all);
}

/** How many wait in a queue; none in one that is not there yet. */
async function countOf(client: Client, queue: string): Promise<number> {
  try {
    return (await client.queueDeclare({ queue, passive: true })).messageCount;
  } catch (error) {
    if (error instanceof NotFound) return 0;
    throw error;
  }
}

function startWorkerProcess(url: string, queue: string, plan: CampaignPlan, tally: Tally): ChildProcess {
  const args = [...loader, program, url, queue, `${plan.attempts}`, `${plan.concurrency}`, plan.queueType];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const running = new Map<number, number>();
  createInterface({ input: child.stdout }).on('line', (line) => tally.take(line, running));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  child.kill('SIGKILL');
  await closed;
}

/** Takes what has come to the dead letters. */
async function collectDead(client: Client, queue: string, tally: Tally): Promise<void> {
  for (;;) {
    const message = await client.basicGet({ queue, noAck: true });
    if (message === null) return;
    tally.dead.push(Number(message.text()));
  }
}

/** Waits until every job is done or dead; gives up when nothing has happened for long. */
async function untilOver(client: Client, queue: string, tally: Tally, jobs: number): Promise<void> {
  let before = -1;
  for (let idle = 0; tally.covered < jobs && idle < idleRounds; idle = tally.covered === before ? idle + 1 : 0) {
    before = tally.covered;
    await sleep(roundMs);
    await collectDead(client, `${queue}.dead`, tally);
  }
}
