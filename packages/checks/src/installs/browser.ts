/** Finds Chromium, installs it by apt where that is possible, and shows a page in it. It must not know the page. */
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];

/** @returns the path of the browser. Rejects, with what to do, where there is none and none can be installed. */
export async function findBrowser(): Promise<string> {
  const there = onPath(names);
  if (there !== undefined) return there;
  const root = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args: string[]): Promise<unknown> => {
    const [command = 'apt-get', ...rest] = [...root, 'apt-get', '-q', '-y', ...args];
    return run(command, rest, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 ** 2,
    });
  };
  try {
    await apt('update').catch(() => {}); // the lists that are there may do
    // Who else has apt busy, as a new machine does by itself, is waited for.
    await apt('install', '-o', 'DPkg::Lock::Timeout=300', '--no-install-recommends', 'chromium');
  } catch (cause) {
    throw new Error('there is no Chromium, and apt cannot install it here: put one on PATH', { cause });
  }
  const installed = onPath(names);
  if (installed === undefined) throw new Error('apt has installed Chromium, but it is not on PATH');
  return installed;
}

/** Loads a page from a file. @returns its document when its scripts have run. */
export async function documentOf(browser: string, page: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'puka-browser-'));
  try {
    const args = [...flags, `--user-data-dir=${profile}`, '--dump-dom', pathToFileURL(page).href];
    return (await run(browser, args, { env: { ...process.env, HOME: profile }, timeout: 120_000 })).stdout;
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
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
