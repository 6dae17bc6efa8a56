/** What V8 collects of the memory for received bytes, in processes of the versions that do not count it themselves. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findRuntime } from '../../src/conformance/runtimes.ts';

const run = promisify(execFile);
// These runtimes load TypeScript.
const source = fileURLToPath(new URL('../../../transport/src/fresh-bytes.ts', import.meta.url));
const program = fileURLToPath(new URL('./drop-fresh-bytes.ts', import.meta.url));

describe.each(['node24', 'node26'] as const)('what is dropped of fresh bytes, on %s', async (name) => {
  const runtime = await findRuntime(name);

  describe.skipIf(typeof runtime === 'string')('is collected with the young objects, not with the whole heap', () => {
    it.each([
      ['in a small heap', 0],
      ['in a heap whose space for young objects has grown', 500_000],
    ])('%s', async (_where, keptObjects) => {
      if (typeof runtime === 'string') throw new Error(runtime);
      const [command, ...args] = runtime.command;
      const { stdout } = await run(command, [...args, program, source, String(keptObjects)]);
      const { young, whole } = JSON.parse(stdout) as { young: number; whole: number }; // The program prints it.
      expect(young).toBeGreaterThan(0);
      expect(whole).toBeLessThan(young / 2);
    });
  });
});
