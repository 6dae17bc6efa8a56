/**
 * A registry of packed packages, on the loopback address: package managers install from it as they do from the public one.
 * It must not pass anything on: a request for what is not in it is refused, and reported.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** A registry that runs. */
export interface Registry {
  /** With a slash at its end. */
  readonly url: string;
  /** Packages that were asked for and are not in it, but for optional peers of those that are. */
  readonly strangers: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** A file that was packed, and its package.json. */
interface Packed {
  readonly bytes: Buffer;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly version: string;
}

// Some package managers take no version that is younger than a day.
const published = '2020-01-01T00:00:00.000Z';

/** @param tarballs paths of what `pnpm pack` wrote. */
export async function startRegistry(tarballs: Iterable<string>): Promise<Registry> {
  const packages = new Map([...tarballs].map(readTarball).map((packed) => [packed.name, packed]));
  // Package managers ask for them too, and go on without them.
  const optionalPeers = new Set(
    [...packages.values()].flatMap(({ manifest }) => Object.keys(Object(manifest.peerDependenciesMeta))),
  );
  const strangers = new Set<string>();
  let url = '';
  const server = createServer((request, response) => answer(request, response));
  function answer({ url: asked = '/' }: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(asked.slice(1).replace(/\?.*$/, ''));
    const file = packages.get(path.replace(/\/-\/[^/]*\.tgz$/, ''));
    if (file !== undefined && path.endsWith('.tgz')) {
      response.end(file.bytes);
      return;
    }
    const found = packages.get(path);
    if (found !== undefined) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(describePackage(found, url)));
      return;
    }
    // `-/…` are services: advice, statistics.
    if (!path.startsWith('-/') && !optionalPeers.has(path)) strangers.add(path);
    response.statusCode = 404;
    response.end('{}');
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the registry has no port');
  url = `http://127.0.0.1:${address.port}/`;
  return {
    url,
    strangers,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A registry's answer for a package with one version. */
function describePackage({ bytes, manifest, name, version }: Packed, url: string): object {
  const dist = {
    tarball: `${url}${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
  };
  return {
    name,
    'dist-tags': { latest: version },
    time: { created: published, modified: published, [version]: published },
    versions: { [version]: { ...manifest, dist } },
  };
}

/** The package.json is found without unpacking. POSIX.1-1988 ustar: blocks of 512 bytes, a header before each file. */
function readTarball(path: string): Packed {
  const bytes = readFileSync(path);
  const tar = gunzipSync(bytes);
  for (let at = 0; at < tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
    if (name === 'package/package.json') {
      const manifest: Readonly<Record<string, unknown>> = JSON.parse(tar.toString('utf8', at + 512, at + 512 + size));
      return { bytes, manifest, name: String(manifest.name), version: String(manifest.version) };
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${path} holds no package.json`);
}
