import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startWatchdog } from '../../src/broker/watchdog.ts';
import { waitFor } from '../../src/wait-for.ts';
import { isRunning, processesNaming } from './processes.ts';

const repository = fileURLToPath(new URL('../../../..', import.meta.url));
const program = fileURLToPath(new URL('./program-with-a-node.ts', import.meta.url));

/** Runs a program that launches a node and prints what it has. */
async function runProgram(
  then: 'wait' | 'throw' | 'end',
): Promise<{ program: ChildProcess; folder: string; pid: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, then], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { folder, pid } = JSON.parse(String(line));
  return { program: child, folder: String(folder), pid: Number(pid) };
}

describe('a watchdog', () => {
  it('kills the groups it guards, runs its command and removes the folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'puka-watchdog-'));
    const mark = `${folder}-mark`;
    await writeFile(join(folder, 'data'), '');
    const guarded = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const forgotten = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const watchdog = startWatchdog(folder, `echo done > '${mark}'`);
    watchdog.guard([forgotten.pid ?? 0]);
    watchdog.guard([guarded.pid ?? 0]);
    await watchdog.release();
    expect(isRunning(watchdog.pid)).toBe(false);
    expect(isRunning(guarded.pid)).toBe(false);
    expect(isRunning(forgotten.pid)).toBe(true);
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(mark)).toBe(true);
    forgotten.kill();
    await startWatchdog(mark).release();
    expect(existsSync(mark)).toBe(false);
  });
});

describe.concurrent('no process and no folder is left of a node', { timeout: 120_000 }, () => {
  it.each([
    ['is killed', 'wait'],
    ['fails', 'throw'],
    ['ends without a word', 'end'],
  ] as const)('whose program %s', async (_, then) => {
    const { program: child, folder, pid } = await runProgram(then);
    if (then === 'wait') {
      expect(isRunning(pid)).toBe(true);
      expect(processesNaming(folder).length).toBeGreaterThan(1);
      child.kill('SIGKILL');
    }
    // A process that is ending names nothing any more, and is there for a moment yet.
    await waitFor(() => !existsSync(folder) && processesNaming(folder).length === 0 && !isRunning(pid));
  });
});
