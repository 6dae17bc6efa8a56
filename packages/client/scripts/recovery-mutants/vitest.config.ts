/** Runs the client's unit tests on sources with one fault in them: the one whose number is in `PUKA_MUTANT`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfigExport } from 'vitest/config';
import { mutants } from './mutants.ts';
import { mutated } from './mutated.ts';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const mutant = mutants[Number(process.env.PUKA_MUTANT ?? -1)];

const config: ViteUserConfigExport = defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  ssr: { resolve: { conditions: ['puka:source', 'node', 'import', 'default'] } },
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      load(id: string) {
        return mutant !== undefined && id.startsWith(source) ? mutated(readFileSync(id, 'utf8'), mutant) : undefined;
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/broker/**'],
    testTimeout: 120_000,
    maxWorkers: 1,
    isolate: false,
  },
});
export default config;
