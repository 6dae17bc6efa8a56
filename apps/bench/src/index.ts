/**
 * Runs every client in turn on one broker, round by round, and prints medians and ratios.
 *
 *     node dist/index.js [--topics all|clients,tls,…] [--modes …] [--sizes …] [--clients …] [--rounds 5] [--scale 1]
 *                        [--json FILE] [--page] [--warm] [--embedded]
 *
 * `--scale` multiplies the messages of each run. `--json` writes the results too, after each table. `--page` keeps the results
 * in `results/`, and draws docs/performance.md again from all that is there. `--warm` does up to 100,000 messages of the same kind
 * before each measurement, so that the engine has compiled the code: what a long-lived program pays. Large bodies are warmed up
 * by 24,000 smaller ones and five whole runs.
 */
import { parseArgs } from 'node:util';
import { Client } from '@puka/client';
import { embedded, rabbitmq } from './brokers.ts';
import { byRuntime, type Contestant, librabbitmq, scripted } from './contestants.ts';
import { type Figures, isMemoryMode, type Job, modes } from './job.ts';
import { compileLibrabbitmq } from './librabbitmq.ts';
import { describeMachine } from './machine.ts';
import { makePage } from './page/page.ts';
import { writePage } from './page-files.ts';
import { report } from './report.ts';
import { keepResults, readResults, writeResults } from './result-files.ts';
import { type Results, type Table, tableOf } from './results.ts';
import { round } from './round.ts';
import { countFor, plansOf, type Topic, topics, warmUpFor } from './topics.ts';

const { values } = parseArgs({
  options: {
    topics: { type: 'string', default: 'clients' },
    modes: { type: 'string' },
    sizes: { type: 'string' },
    clients: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    json: { type: 'string' },
    page: { type: 'boolean', default: false },
    warm: { type: 'boolean', default: false },
    embedded: { type: 'boolean', default: false },
  },
});
const chosenTopics = chosen(values.topics, topics);
const chosenModes = chosen(values.modes, modes);
const sizes = values.sizes?.split(',').map(Number);
const rounds = Number(values.rounds);
const scale = Number(values.scale);

if (values.page && values.warm) throw new Error('--page takes no --warm: the page is of programs that start cold');

const broker = await (values.embedded ? embedded() : rabbitmq());
console.log(`on ${broker.name}`);
const client = new Client(broker.url);
await client.connect();
const queue = `bench-${process.pid}`;
const tables: Table[] = [];
const compiled = await compileLibrabbitmq();
if ('missing' in compiled) console.log(compiled.missing);
for (const topic of chosenTopics) {
  const began = performance.now();
  await measureTopic(topic);
  console.log(`\n${topic}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  // Each time, as a later topic may fail.
  if (values.page) {
    await keepResults(results());
    await writePage(makePage(await readResults()));
  }
}
await client.queueDelete({ queue });
await client.close();
await broker.stop();

async function measureTopic(topic: Topic): Promise<void> {
  const { url, caFile } = topic === 'tls' ? (broker.tls ?? {}) : { url: broker.url };
  if (url === undefined) {
    console.log(`\n${broker.name} does not listen for TLS`);
    return;
  }
  const contestants = (topic === 'runtimes' ? byRuntime() : clients(topic)).filter(
    ({ name }) => values.clients?.split(',').includes(name) ?? true,
  );
  for (const plan of plansOf(topic, sizes)) {
    if (!chosenModes.includes(plan.mode)) continue;
    const count = countFor(plan, scale);
    const warmUp = values.warm ? warmUpFor(plan) : 0;
    const job = { ...plan, count, warmUp, url, queue, ...(caFile && { caFile }) };
    const table = await measureTable(topic, contestants, job);
    console.log(`\n${report(table).join('\n')}`);
    tables.push(table);
    if (values.json !== undefined) await writeResults(results(), values.json);
  }
}

async function measureTable(topic: Topic, contestants: readonly Contestant[], job: Job): Promise<Table> {
  const runs = new Map<Contestant, Figures[]>();
  for (const contestant of contestants) if (contestant.measures(job.mode)) runs.set(contestant, []);
  // A start is short, and its time by the clock varies; memory does not.
  const times = job.mode === 'start' ? rounds * 5 : isMemoryMode(job.mode) ? 1 : rounds;
  for (let number = 0; number < times; number++) {
    for (const [contestant, figures] of runs) figures.push(await round(client, contestant, job, broker));
  }
  return tableOf(topic, job, runs);
}

function results(): Results {
  return { date: new Date().toISOString(), machine: describeMachine(broker.name), tables };
}

/** The bare loop only where a bound is of use: it takes its time. */
function clients(topic: Topic): Contestant[] {
  const all = [...scripted(), ...('program' in compiled ? [librabbitmq(compiled.program)] : [])];
  return topic === 'clients' ? all : all.filter(({ name }) => name !== 'bare loop');
}

/** @returns what a list on the command line names, all where there is none. */
function chosen<Name extends string>(list: string | undefined, all: readonly Name[]): readonly Name[] {
  if (list === undefined || list === 'all') return all;
  const names = list.split(',');
  const unknown = names.find((name) => !all.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}; there are ${all.join(', ')}`);
  return all.filter((name) => names.includes(name));
}
