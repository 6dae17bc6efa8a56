/** The built packages on each runtime: which adapter they take, what they load, and whether the client works with it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Broker, launchBroker } from '@puka/testkit';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadedModules } from '../../src/portable/loaded-modules.ts';
import { commandOf } from '../../src/portable/runtimes.ts';

const run = promisify(execFile);
const runtimes = ['node', 'deno', 'bun'] as const;
type Runtime = (typeof runtimes)[number];

const pathTo = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const whichAdapter = pathTo('programs/which-adapter.mjs');

async function output(runtime: Runtime, program: string, args: string[] = [], url = ''): Promise<string> {
  const [command, ...options] = commandOf(runtime);
  // Colours would stand between the words.
  const env = { ...process.env, AMQP_URL: url, NO_COLOR: '1' };
  return (await run(command, [...options, program, ...args], { env })).stdout;
}

describe.each(runtimes)('the built packages on %s', (runtime) => {
  it('take the adapter of the runtime', async () => {
    expect(await output(runtime, whichAdapter)).toBe(`adapter ${runtime}\n`);
  });

  it.each([
    ['@puka/transport', whichAdapter],
    ['@puka/client', pathTo('programs/load-client.mjs')],
  ])('load nothing of another runtime: %s', async (name, program) => {
    const modules = await loadedModules(runtime, program);
    const folder = name.replace('@puka/', '/packages/');
    expect(modules.filter((url) => url.includes(`${folder}/dist/`))).not.toEqual([]);
    const texts = modules
      .filter((url) => url.startsWith('file:'))
      .map((url) => readFileSync(fileURLToPath(url), 'utf8'));
    const adapters = texts.flatMap((text) =>
      [...text.matchAll(/runtime: ["'](node|deno|bun|memory)["']/g)].map(([, name]) => name),
    );
    expect(adapters).toEqual([runtime]);
    const builtins = texts.flatMap((text) => [...text.matchAll(/(?:from|import)\s*\(?["'](node:[\w/]+)["']/g)]);
    expect(new Set(builtins.map(([, name]) => name))).toEqual(
      new Set(runtime === 'node' ? ['node:fs/promises', 'node:net'] : []),
    );
  });
});

describe('the client', () => {
  const certificates = makeCertificates();
  const scratch = mkdtempSync(join(tmpdir(), 'puka-runtimes-'));
  const file = (name: string, text: string): string => {
    const path = join(scratch, name);
    writeFileSync(path, text);
    return path;
  };
  const ca = file('ca.pem', certificates.ca);
  const strangerCa = file('stranger.pem', certificates.strangerCa);
  const certfile = file('client.pem', certificates.client.cert);
  const keyfile = file('client.key', certificates.client.key);
  let broker: Broker;

  beforeAll(async () => {
    const tls = { ...certificates.server, ca: certificates.ca, requireClientCertificate: true };
    broker = await launchBroker({ tls });
  });
  afterAll(async () => {
    await broker.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const tlsUrl = (parameters: Record<string, string>): string => `${broker.tlsUrl}?${new URLSearchParams(parameters)}`;
  const trips = async (runtime: Runtime, url: string): Promise<void> => {
    const app = (name: string): string => pathTo(`../../../../apps/${name}/dist/index.js`);
    expect(await output(runtime, app('send'), ['from', runtime], url)).toBe(`sent and confirmed: from ${runtime}\n`);
    expect(await output(runtime, app('receive'), ['1'], url)).toBe(`received: from ${runtime}\n`);
  };
  const complaint = async (runtime: Runtime, url: string): Promise<string> => {
    try {
      return await output(runtime, pathTo('../../../../apps/send/dist/index.js'), [], url);
    } catch (error) {
      return error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    }
  };

  describe.each(runtimes)('on %s', (runtime) => {
    it('sends and receives', () => trips(runtime, broker.url));

    it('sends and receives over TLS, with a certificate of its own, by the files in the URL', () =>
      trips(runtime, tlsUrl({ cacertfile: ca, certfile, keyfile })));

    it('reports that the server wants a certificate', async () => {
      expect(await complaint(runtime, tlsUrl({ cacertfile: ca }))).toContain('the server wants a client certificate');
    });

    it('reports that the authority is not trusted', async () => {
      expect(await complaint(runtime, tlsUrl({ cacertfile: strangerCa }))).toContain('give it as ca');
    });

    it('reports that the port speaks TLS only', async () => {
      const url = broker.urlFor({}).replace(`:${broker.port}`, `:${broker.tlsPort}`);
      expect(await complaint(runtime, url)).toContain('it speaks TLS only');
    });

    it('reports that the port speaks no TLS', async () => {
      const url = tlsUrl({ cacertfile: ca }).replace(`:${broker.tlsPort}`, `:${broker.port}`);
      expect(await complaint(runtime, url)).toContain('does the server speak TLS on this port?');
    });
  });
});
