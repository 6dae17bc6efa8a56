/** Who is measured, in which modes, and how one run of each is started: always in a process of its own. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectors, fullConnectors, ownByOption } from './clients/connectors.ts';
import { bundleSizes } from './first-message/bundle.ts';
import type { Figures, Job, Mode } from './job.ts';
import { comparedNode, runtimes } from './runtimes.ts';

const run = promisify(execFile);
const child = fileURLToPath(new URL('./child.js', import.meta.url));
const startChild = fileURLToPath(new URL('./start-child.js', import.meta.url));
const maxBuffer = 64 * 1_048_576;

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /** What it is compared as: this client, another, or a bound that no client of its kind can beat. */
  readonly role: 'own' | 'peer' | 'floor';
  /** The option that it is measured with, where that is not the default. */
  readonly option?: string;
  /** What it runs on, where that differs; only those on the same runtime are compared. */
  readonly runtime?: string;
  measures(mode: Mode): boolean;
  /** One run. @param feed `many-consumers`: called when all have subscribed, publishes the messages. */
  measure(job: Job, feed?: () => Promise<void>): Promise<Figures>;
}

/** The clients of JavaScript, and the bare loop. */
export function scripted(): Contestant[] {
  return Object.keys(connectors).map((name) => ({
    name,
    role: name === 'puka' || name in ownByOption ? 'own' : name in fullConnectors ? 'peer' : 'floor',
    ...optionOf(name),
    measures: (mode) => {
      if (name in fullConnectors) return true;
      // An option is measured where it makes something cheaper.
      if (name === 'puka (no confirms)') return mode === 'request-reply';
      return isOneWay(mode) && !(mode === 'publish' && name in ownByOption);
    },
    measure: (job, feed) =>
      job.mode === 'start'
        ? measureStart(name, job)
        : figures(comparedNode().command, [child, name, JSON.stringify(job)], job, feed),
  }));
}

function optionOf(name: string): Pick<Contestant, 'option'> {
  // `puka (lent)`: without a comma, as `--clients` takes names with commas between.
  const option = /\((.+)\)$/.exec(name)?.[1];
  return option === undefined || !(name in ownByOption) ? {} : { option };
}

async function measureStart(name: string, job: Job): Promise<Figures> {
  const source = fileURLToPath(new URL(`../src/first-message/${name}.ts`, import.meta.url));
  const bundle = await bundleSizes(source);
  return { ...(await figures(comparedNode().command, [startChild, name, job.url, job.queue], job)), bundle };
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

async function figures(
  program: string,
  args: readonly string[],
  { caFile }: Job,
  feed?: () => Promise<void>,
): Promise<Figures> {
  // So each client trusts the certificate by its defaults; Node alone heeds it.
  const env = caFile === undefined ? process.env : { ...process.env, NODE_EXTRA_CA_CERTS: caFile };
  const running = run(program, args, { maxBuffer, env });
  if (feed !== undefined && running.child.stdout !== null) {
    // A run that ends before its messages come has failed: awaiting it below throws.
    await Promise.race([once(running.child.stdout, 'data').then(feed), running.catch(() => undefined)]);
  }
  const { stdout } = await running.catch((error: unknown) => {
    // The scripts end themselves so.
    if (isKilled(error)) return error;
    throw error;
  });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2) + 1)) as Figures; // The programs print it.
}

function isKilled(error: unknown): error is { readonly stdout: string } {
  return error instanceof Error && 'signal' in error && error.signal === 'SIGKILL' && 'stdout' in error;
}
