// Stand-ins for the commands of a machine: a folder to use as the whole search path. It must not let a test reach the
// real ones.

import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder with commands of our making in it, and a few harmless real ones. */
export interface FakeMachine {
  readonly folder: string;
  /** Holds the commands; it is the whole PATH. */
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
  /** Puts a command there: a text for `sh`. Each call is noted before it runs. */
  command(name: string, script: string): Promise<void>;
  /** The calls so far, each as its words. */
  calls(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function fakeMachine(): Promise<FakeMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'puka-fake-'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const name of ['sh', 'rm', 'chmod', 'mkdir', 'cp', 'cat', 'sleep'])
    await symlink(`/bin/${name}`, join(bin, name));
  const callsFile = join(folder, 'calls');
  await writeFile(callsFile, '');
  return {
    folder,
    bin,
    env: { PATH: bin },
    command: async (name, script) => {
      const file = join(bin, name);
      await writeFile(file, `#!/bin/sh\necho "${name} $*" >> '${callsFile}'\n${script}\n`);
      await chmod(file, 0o755);
    },
    calls: async () => (await readFile(callsFile, 'utf8')).split('\n').filter((line) => line !== ''),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A script that puts what an installed server looks like into a folder. */
export function serverFiles(folder: string): string {
  const files = ['rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env', 'erl', 'epmd'];
  return [`mkdir -p '${folder}'`, ...files.map((file) => `echo > '${join(folder, file)}'`)].join('\n');
}
