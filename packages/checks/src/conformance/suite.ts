/** What the conformance suite is made of, and the one program made of it, which every runtime runs. It must not run it. */
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleTests } from '../portable/bundle.ts';
import { publishedPackages } from '../tarballs.ts';

const packages = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Files of tests, and folders of which every file of tests is taken, by itself. */
const parts = [
  ...['transport/test/contract.test.ts', 'transport/test/memory', 'client/test/broker'],
  // What they do, on the embedded broker with faults and virtual time; then a few on RabbitMQ.
  ...['start-worker', 'batch-runner', 'settling', 'core', 'worker', 'redrive'].map(
    (name) => `worker/test/${name}.test.ts`,
  ),
  ...['calls', 'direct-replies'].map((name) => `rpc/test/${name}.test.ts`),
  ...['apply', 'remove', 'topology'].map((name) => `topology/test/${name}.test.ts`),
  ...['worker/test/broker/worker.test.ts', 'rpc/test/broker/calls.test.ts', 'topology/test/broker/shared-node.test.ts'],
];

/** The files, in the order in which they run. */
export function suiteFiles(): string[] {
  return parts.flatMap((part) => {
    const path = join(packages, part);
    if (path.endsWith('.ts')) return [path];
    const names = readdirSync(path).filter((name) => name.endsWith('.test.ts'));
    return names.sort().map((name) => join(path, name));
  });
}

/**
 * Writes the suite as one module. Our published packages are not in it: it takes those that are installed around it.
 *
 * @throws if a test reaches for the sources of such a package: it would prove nothing of the tarball.
 */
export async function bundleSuite(outfile: string): Promise<void> {
  const external = publishedPackages.map((name) => `@puka/${name}`);
  const inputs = await bundleTests({ files: suiteFiles(), outfile, external });
  const sources = inputs.filter((input) =>
    publishedPackages.some((name) => input.startsWith(join(packages, name, 'src'))),
  );
  if (sources.length > 0) throw new Error(`tests of the conformance suite import sources: ${sources.join(', ')}`);
}
