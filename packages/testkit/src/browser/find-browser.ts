// Finds Chromium, and installs it by apt if that is possible. It must not start it.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensureAptPackage } from '../broker/apt-install.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** @returns the path of the browser. Rejects, with what to do, if there is none and none can be installed. */
export async function findBrowser(): Promise<string> {
  try {
    await ensureAptPackage('chromium', () => Promise.resolve(onPath(names) !== undefined));
  } catch (cause) {
    throw new Error('there is no Chromium, and apt cannot install it here: put one on PATH', { cause });
  }
  const path = onPath(names);
  if (path === undefined) throw new Error('Chromium was on PATH, and is not any more');
  return path;
}

function onPath(commands: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
