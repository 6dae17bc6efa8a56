import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/index-deno.ts', 'src/node/index.ts', 'src/deno/index.ts', 'src/memory/index.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  external: [/^node:/, /^@puka\//],
  sourcemap: true,
  clean: true,
  dts: false,
  // Deno takes built-in modules only by their full name.
  removeNodeProtocol: false,
});
