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
    measure: (job) => figures(process.execPath, [child, name, JSON.stringify(job)]),
  }));
}

/** This client on several runtimes; the first is what the others are compared with. */
export function ownByRuntime(): Contestant[] {
  return Object.entries(runtimes).map(([name, commandOf], index) => {
    const [command, ...args] = commandOf();
    return {
      name,
      role: index === 0 ? 'own' : 'peer',
      measures: () => true,
      measure: (job) => figures(command, [...args, child, 'puka', JSON.stringify(job)]),
    };
  });
}

/** The C client. @param program where it was compiled to. */
export function librabbitmq(program: string): Contestant {
  return {
    name: 'librabbitmq (C)',
    role: 'floor',
    measures: (mode) => isOneWay(mode) || mode === 'publish-ignored',
    measure: ({ url, queue, mode, count, size }) => figures(program, [url, queue, mode, String(count), String(size)]),
  };
}

function isOneWay(mode: Mode): boolean {
  return mode === 'publish' || mode === 'consume-ack' || mode === 'consume-no-ack';
}

async function figures(program: string, args: readonly string[]): Promise<Figures> {
  const { stdout } = await run(program, args, { maxBuffer });
  return JSON.parse(stdout) as Figures; // `child.ts` and `librabbitmq.c` print it.
}
