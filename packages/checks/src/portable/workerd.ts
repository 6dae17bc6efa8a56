/** Starts Cloudflare's workerd with one worker. It must not know what the worker is. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What to start. */
export interface WorkerdOptions {
  /** The worker's module, whole. */
  readonly program: string;
  /** What it finds in `process.env` and `env`. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** An authority, as PEM, that its sockets trust beside the public ones. */
  readonly trusted?: string;
  /** Whose behaviour it has. Default: the newest that the version of workerd in the catalog knows. */
  readonly compatibilityDate?: string;
}

/** One that runs. */
export interface RunningWorkerd {
  /** Where the worker takes requests; with a slash at its end. */
  readonly url: string;
  /** What it has printed. */
  output(): string;
  stop(): Promise<void>;
}

const newestDate = '2026-11-01';

/** The executable: the package's own command is a wrapper, and a signal to it stays there. */
function executable(): string {
  const found: unknown = createRequire(import.meta.url)('workerd');
  const path = typeof found === 'object' && found !== null ? Reflect.get(found, 'default') : found;
  if (typeof path !== 'string') throw new Error('the package workerd does not export the path of its executable');
  return path;
}

/** Starts it on a port of the loopback address that the system chooses. Rejects with what it printed when it ends at once. */
export async function startWorkerd(options: WorkerdOptions): Promise<RunningWorkerd> {
  const folder = mkdtempSync(join(tmpdir(), 'puka-workerd-'));
  writeFileSync(join(folder, 'worker.js'), options.program);
  writeFileSync(join(folder, 'config.capnp'), configuration(options));
  // Into the third descriptor it writes the port.
  const child = spawn(executable(), ['serve', 'config.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const printed: Buffer[] = [];
  const output = (): string => Buffer.concat(printed).toString();
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => printed.push(bytes));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      rmSync(folder, { recursive: true, force: true });
      resolve();
    });
  });
  const port = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdio[3]?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const [, found] = /"event":\s*"listen".*"port":\s*(\d+)/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('error', reject);
    void ended.then(() => reject(new Error(`workerd has ended: ${output()}`)));
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    output,
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/** Cap'n Proto's text format has the strings of JSON. */
function configuration({ bindings = {}, trusted, compatibilityDate = newestDate }: WorkerdOptions): string {
  const list = Object.entries(bindings).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  );
  const authorities = trusted === undefined ? '' : `, trustedCertificates = [${JSON.stringify(trusted)}]`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "network", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = true${authorities}),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${compatibilityDate}",
  bindings = [${list.join(', ')}],
  globalOutbound = "network",
);
`;
}
