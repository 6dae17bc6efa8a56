/**
 * Works jobs off with workers that are killed, over lines that are cut, at a broker that is restarted; then counts what became of
 * each job. Must not decide what is good: `campaign-cli.ts` and the test do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '@puka/client';
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { fateOf } from './run-jobs.ts';

/** What is done to whom. */
export interface CampaignPlan {
  readonly url: string;
  readonly jobs: number;
  readonly keys: number;
  readonly workers: number;
  readonly concurrency: number;
  readonly attempts: number;
  readonly queueType: 'classic' | 'quorum';
  /** So many jobs are begun between two faults: what is broken too often gets nowhere. */
  readonly begunBetween: number;
  /** Restarts the broker, now and then, where it may be. */
  readonly restart?: (() => Promise<void>) | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** What became of the jobs. */
export interface CampaignResult {
  readonly done: number;
  readonly dead: number;
  /** Neither done nor among the dead letters. */
  readonly lost: readonly number[];
  /** Done though they should be dead letters. */
  readonly wronglyDone: readonly number[];
  /** Dead letters that would have been done but for the faults: they used up their attempts. */
  readonly usedUp: readonly number[];
  /** Begun with an attempt beyond the limit. */
  readonly overAttempts: readonly number[];
  /** Times a job was done once more. */
  readonly duplicates: number;
  /** Dead letters that are there twice. */
  readonly deadDuplicates: number;
  /** Times two jobs of one key ran at once in one worker. */
  readonly overlaps: number;
  readonly kills: number;
  readonly cuts: number;
  readonly restarts: number;
}

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
  const { url, jobs, keys, queueType, begunBetween, restart, onProgress } = plan;
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
  try {
    await withClient(url, async (client) => {
      await client.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': queueType } });
      const all = Array.from({ length: jobs }, (_, job) =>
        client.basicPublish({ routingKey: queue, body: `${job}`, headers: { key: `k${job % keys}` } }),
      );
      await Promise.all(all);
    });
    for (let started = 0; started < plan.workers; started++) start();
    for (let fault = 0; tally.covered < jobs * calmShare; fault++) {
      const next = tally.begun + begunBetween;
      await waitFor(
        async () => {
          await collectDead(url, `${queue}.dead`, tally);
          return tally.begun >= next || tally.covered >= jobs * calmShare;
        },
        { intervalMs: roundMs, timeoutMs: 120_000 },
      );
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
      onProgress?.(`${tally.covered} of ${jobs} over, ${kills} kills, ${cuts} cuts, ${restarts} restarts`);
    }
    await untilOver(url, queue, tally, jobs);
    return { ...tally.result(), kills, cuts, restarts };
  } finally {
    await Promise.all([...workers].map(kill));
    await proxy.stop();
    await withClient(url, (client) =>
      Promise.all(
        ['', '.dead', '.retry.20', '.retry.50', '.retry.100'].map((end) => client.queueDelete({ queue: queue + end })),
      ),
    );
  }
}

/** What the workers have said. */
class Tally {
  begun = 0;
  /** In their order, twice where they are there twice. */
  readonly dead: number[] = [];
  private readonly done = new Map<number, number>();
  private overlaps = 0;
  private readonly plan: CampaignPlan;
  private readonly overAttempts = new Set<number>();

  constructor(plan: CampaignPlan) {
    this.plan = plan;
  }

  /** @param running the job of each key, as its worker has it. */
  take(line: string, running: Map<number, number>): void {
    const [word, job = Number.NaN, attempt = Number.NaN] = line
      .split(' ')
      .map((part, at) => (at === 0 ? part : Number(part)));
    if (typeof job !== 'number' || typeof attempt !== 'number') return;
    if (word === 'begun') {
      this.begun++;
      if (attempt > this.plan.attempts) this.overAttempts.add(job);
      running.set(job % this.plan.keys, job);
    } else if (word === 'done') {
      if (running.get(job % this.plan.keys) !== job) this.overlaps++;
      this.done.set(job, (this.done.get(job) ?? 0) + 1);
    }
  }

  /** Jobs that are done or among the dead letters. */
  get covered(): number {
    return new Set([...this.done.keys(), ...this.dead]).size;
  }

  result(): Omit<CampaignResult, 'kills' | 'cuts' | 'restarts'> {
    const { dead } = this;
    const buried = new Set(dead);
    const isHopeless = (job: number): boolean => ['hopeless', 'unwanted'].includes(fateOf(job));
    const all = Array.from({ length: this.plan.jobs }, (_, job) => job);
    let duplicates = 0;
    for (const times of this.done.values()) duplicates += times - 1;
    return {
      done: this.done.size,
      dead: buried.size,
      lost: all.filter((job) => !this.done.has(job) && !buried.has(job)),
      wronglyDone: all.filter((job) => isHopeless(job) && this.done.has(job)),
      usedUp: [...buried].filter((job) => !isHopeless(job) && !this.done.has(job)),
      overAttempts: [...this.overAttempts],
      duplicates,
      deadDuplicates: dead.length - buried.size,
      overlaps: this.overlaps,
    };
  }
}

function startWorkerProcess(url: string, queue: string, plan: CampaignPlan, tally: Tally): ChildProcess {
  const args = [...loader, program, url, queue, `${plan.attempts}`, `${plan.concurrency}`];
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

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Takes what has come to the dead letters. */
async function collectDead(url: string, queue: string, tally: Tally): Promise<void> {
  await withClient(url, async (client) => {
    for (;;) {
      const message = await client.basicGet({ queue, noAck: true });
      if (message === null) return;
      tally.dead.push(Number(message.text()));
    }
  });
}

/** Waits until every job is done or dead; gives up when nothing has happened for long. */
async function untilOver(url: string, queue: string, tally: Tally, jobs: number): Promise<void> {
  let before = -1;
  for (let idle = 0; tally.covered < jobs && idle < idleRounds; idle = tally.covered === before ? idle + 1 : 0) {
    before = tally.covered;
    await sleep(roundMs);
    await collectDead(url, `${queue}.dead`, tally);
  }
}
