import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/campaign-cli.ts', 'src/crashing-worker.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  external: [/^@puka\//],
  sourcemap: true,
  clean: true,
  dts: false,
});
