/** A private registry in this process, on the loopback address. It has no other registry to ask. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A registry that runs. */
export interface PrivateRegistry {
  /** With a slash at its end. */
  readonly url: string;
  /** The lines of an .npmrc that let npm and pnpm publish here, and nowhere else. */
  readonly npmrc: string;
  stop(): Promise<void>;
}

/** A registry's answer for a package. */
export interface Packument {
  readonly 'dist-tags': { readonly latest: string };
  readonly versions: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}

/** @param folder an empty one, for what is published. */
export async function startVerdaccio(folder: string): Promise<PrivateRegistry> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.yaml');
  // JSON is YAML. Without `proxy` a package that is not here is not looked for elsewhere.
  writeFileSync(config, JSON.stringify(settings(folder)));
  const require = createRequire(new URL('../../../registry/package.json', import.meta.url));
  const { runServer }: { runServer(config: string): Promise<Server> } = require('verdaccio');
  const server = await runServer(config);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the registry has no port');
  const host = `127.0.0.1:${address.port}/`;
  const token = await addUser(`http://${host}`);
  return {
    url: `http://${host}`,
    npmrc: `registry=http://${host}\n//${host}:_authToken=${token}\n`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @throws {Error} if the registry does not have it. */
export async function packumentOf(registry: PrivateRegistry, name: string): Promise<Packument> {
  const response = await fetch(registry.url + name);
  if (!response.ok) throw new Error(`the registry has no ${name}: ${response.status}`);
  const packument: Packument = JSON.parse(await response.text());
  return packument;
}

function settings(folder: string): object {
  return {
    storage: join(folder, 'storage'),
    auth: { htpasswd: { file: join(folder, 'htpasswd'), max_users: 1 } },
    uplinks: {},
    packages: { '**': { access: '$all', publish: '$authenticated' } },
    max_body_size: '50mb',
    web: { enable: false },
    log: { type: 'stdout', level: 'fatal' },
  };
}

async function addUser(url: string): Promise<string> {
  const response = await fetch(`${url}-/user/org.couchdb.user:rehearsal`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'rehearsal', password: crypto.randomUUID() }),
  });
  const answer: { readonly token?: string } = JSON.parse(await response.text());
  if (answer.token === undefined) throw new Error(`the registry takes no user: ${response.status}`);
  return answer.token;
}
