/** The broker that the clients are measured on, never in the process of one of them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBroker } from '@puka/testkit';
import { makeCertificates } from '@puka/testkit/transport-contract';

/** A broker to measure on. */
export interface BenchBroker {
  readonly name: string;
  readonly url: string;
  /** Its process, where it runs on this machine. */
  readonly pid: number | undefined;
  /** Where it listens for TLS too. */
  readonly tls?: {
    readonly url: string;
    /** The certificate of the authority that signed the broker's, as PEM. */
    readonly caFile: string;
  };
  /** The CPU time it has taken so far, in microseconds; `undefined` where its process cannot be looked at. */
  cpuMicroseconds(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** RabbitMQ: the one of `AMQP_URL`, else one launched for the run, with a certificate made for the run. */
export async function rabbitmq(): Promise<BenchBroker> {
  const { ca, server } = makeCertificates();
  const broker = await ensureBroker({ tls: server });
  const folder = await mkdtemp(join(tmpdir(), 'puka-bench-'));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, ca);
  const tlsUrl = broker.launched?.tlsUrl;
  return {
    name: `RabbitMQ ${broker.version}`,
    url: broker.url,
    pid: broker.launched?.pid,
    ...(tlsUrl === undefined ? {} : { tls: { url: tlsUrl, caFile } }),
    cpuMicroseconds: () => cpuOfProcess(broker.launched?.pid),
    stop: async () => {
      await broker.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** The embedded broker of `@puka/testing`. */
export async function embedded(): Promise<BenchBroker> {
  const child = fork(fileURLToPath(new URL('./embedded-child.js', import.meta.url)));
  const { url } = await answer<{ url: string }>(child);
  return {
    name: 'the embedded broker',
    url,
    pid: child.pid,
    cpuMicroseconds: async () => {
      child.send('usage');
      return (await answer<{ cpuMicroseconds: number }>(child)).cpuMicroseconds;
    },
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** From Linux's /proc, in its hundredths of a second; `undefined` elsewhere. */
async function cpuOfProcess(pid: number | undefined): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The name, which may hold spaces, ends with the last bracket; then the fields from the third on.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isNaN(ticks) ? undefined : ticks * 10_000;
}

async function answer<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message');
  return message as T; // `embedded-child.ts` sends it.
}
