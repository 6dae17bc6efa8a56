/** Who is measured, in which modes, and how one run of each is started: always in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectors, fullConnectors } from './clients/connectors.ts';
import type { Figures, Job, Mode } from './job.ts';
import { runtimes } from './runtimes.ts';

const run = promisify(execFile);
const child = fileURLToPath(new URL('./child.js', import.meta.url));
const maxBuffer = 64 * 1_048_576;

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /** What it is compared as: this client, another, or a bound that no client of its kind can beat. */
  readonly role: 'own' | 'peer' | 'floor';
  /** What it runs on, where that differs; only those on the same runtime are compared. */
  readonly runtime?: string;
  measures(mode: Mode): boolean;
  /** One run. */
  measure(job: Job): Promise<Figures>;
}

/** The clients of JavaScript, and the bare loop. */
export function scripted(): Contestant[] {
  return Object.keys(connectors).map((name) => ({
    name,
    role: name === 'puka' ? 'own' : name in fullConnectors ? 'peer' : 'floor',
    measures: (mode) => name in fullConnectors || isOneWay(mode),
    measure: (job) => figures(process.execPath, [child, name, JSON.stringify(job)], job),
  }));
}

/** This client and amqplib on several runtimes. */
export function byRuntime(): Contestant[] {
  return Object.entries(runtimes).flatMap(([runtime, commandOf]) => {
    const [command, ...args] = commandOf();
    return (['puka', 'amqplib'] as const).map((client) => ({
      name: `${client}, ${runtime}`,
      role: client === 'puka' ? ('own' as const) : ('peer' as const),
      runtime,
      measures: () => true,
      measure: (job: Job) => figures(command, [...args, child, client, JSON.stringify(job)], job),
    }));
  });
}

/** The C client. @param program where it was compiled to. */
export function librabbitmq(program: string): Contestant {
  return {
    name: 'librabbitmq (C)',
    role: 'floor',
    measures: (mode) => isOneWay(mode) || mode === 'publish-ignored',
    measure: (job) => {
      const { url, queue, mode, count, size, window } = job;
      return figures(program, [url, queue, mode, ...[count, size, window].map(String)], job);
    },
  };
}

function isOneWay(mode: Mode): boolean {
  return mode === 'publish' || mode === 'consume-ack' || mode === 'consume-no-ack';
}

async function figures(program: string, args: readonly string[], { caFile }: Job): Promise<Figures> {
  // So each client trusts the certificate by its defaults; Node alone heeds it.
  const env = caFile === undefined ? process.env : { ...process.env, NODE_EXTRA_CA_CERTS: caFile };
  const { stdout } = await run(program, args, { maxBuffer, env });
  return JSON.parse(stdout) as Figures; // `child.ts` and `librabbitmq.c` print it.
}
