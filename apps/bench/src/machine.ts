/** Describes what was measured on, in words that fit any machine of the kind: no names, no paths. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { peerPackages } from './clients/connectors.ts';
import { comparedNode } from './runtimes.ts';

/** What matters of the machine, and the versions of all that took part. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  /** The version that the clients ran on where no other runtime is named. */
  readonly node: string;
  /** With its version. */
  readonly broker: string;
  /** Of the other clients, by their packages. */
  readonly peers: Readonly<Record<string, string>>;
}

export function describeMachine(broker: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    system: `${process.platform} ${process.arch}`,
    node: comparedNode().version,
    broker,
    peers: Object.fromEntries(peerPackages.map((name) => [name, versionOf(name)])),
  };
}

const require = createRequire(import.meta.url);

/** A package need not export its package.json. */
function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version }: { version: string } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
      return version;
    } catch {}
  }
  return 'unknown';
}
