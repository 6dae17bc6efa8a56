/** Shows a page in Chromium. It must not know the page. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];

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
